import {
  first,
  type ProjectFiles,
  type ProjectKind,
  sectionNames,
  stage,
  withSuffix,
} from "./_project.ts";

/** Finds a project of Deno. */
export async function deno(files: ProjectFiles): Promise<ProjectKind | undefined> {
  const file = first(files, "deno.json", "deno.jsonc");
  if (file === undefined) return undefined;
  const tasks = await sectionNames(files, file, "tasks");
  const test = tasks.includes("test") ? "deno task test" : "deno test -A";
  return {
    name: "deno",
    title: `a Deno project (${file})`,
    image: "denoland/deno:latest",
    prepare: files.names.has("deno.lock") ? ["deno install --frozen"] : [],
    inputs: files.names.has("deno.lock") ? ["deno.lock", file] : [],
    stages: [stage("check", "deno fmt --check", "deno lint"), stage("test", test)],
  };
}

/** The release of Node that has support for the longest time. */
const NODE = 22;

/** Finds a project of Node, with the package manager that its lock file, or it itself, names. */
export async function node(files: ProjectFiles): Promise<ProjectKind | undefined> {
  if (!files.names.has("package.json")) return undefined;
  const scripts = await sectionNames(files, "package.json", "scripts");
  const text = await files.read("package.json");
  const lock = first(
    files,
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lockb",
    "bun.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
  );
  const named = /"packageManager"\s*:\s*"(pnpm|yarn|bun)@/.exec(text)?.[1];
  const manager = (lock === undefined ? named : /^(?:pnpm|yarn|bun)/.exec(lock)?.[0]) ?? "npm";
  const frozen = lock === undefined ? "" : " --frozen-lockfile";
  const install = {
    pnpm: ["corepack enable", `pnpm install${frozen}`],
    yarn: ["corepack enable", `yarn install${frozen}`],
    bun: [`bun install${frozen}`],
  }[manager] ?? [lock === undefined ? "npm install" : "npm ci"];
  const stages = ["lint", "typecheck", "build", "test"].filter((name) => scripts.includes(name))
    .map((name) => stage(name, `${manager} run ${name}`));
  const pinned = await files.read(".nvmrc") || await files.read(".node-version");
  const [, operator, wanted] =
    /"engines"\s*:\s*\{[^}]*"node"\s*:\s*"\s*([<>=^~v ]*)(\d+)/.exec(text) ?? [];
  // At least this one: then the usual one, unless that is older.
  const engine = operator?.startsWith(">") ? Math.max(NODE, Number(wanted)) : wanted;
  const version = /(\d+)/.exec(pinned)?.[1] ?? engine ?? NODE;
  return {
    name: "node",
    title: `a Node project (${lock ?? "package.json"})`,
    image: manager === "bun" ? "oven/bun:1" : `node:${version}`,
    // What it installs is in the project itself, which no snapshot has.
    prepare: install,
    inputs: [],
    stages: stages.length > 0 ? stages : [stage("test", "node --test")],
  };
}

/** Finds a project of Rust. */
export async function rust(files: ProjectFiles): Promise<ProjectKind | undefined> {
  if (!files.names.has("Cargo.toml")) return undefined;
  const toolchain = await files.read("rust-toolchain.toml") || await files.read("rust-toolchain");
  const version = /(?:channel\s*=\s*"|^)(\d+\.\d+(?:\.\d+)?)/m.exec(toolchain)?.[1];
  return {
    name: "rust",
    title: "a Rust project (Cargo.toml)",
    image: `rust:${version ?? "1"}`,
    prepare: ["rustup component add rustfmt clippy"],
    inputs: [],
    stages: [
      stage("lint", "cargo fmt --check", "cargo clippy --all-targets -- -D warnings"),
      stage("build", `cargo build${files.names.has("Cargo.lock") ? " --locked" : ""}`),
      stage("test", "cargo test"),
    ],
  };
}

/** Finds a project of Go. */
export async function go(files: ProjectFiles): Promise<ProjectKind | undefined> {
  if (!files.names.has("go.mod")) return undefined;
  const version = /^go (\d+\.\d+)/m.exec(await files.read("go.mod"))?.[1] ?? "1";
  return {
    name: "go",
    title: "a Go project (go.mod)",
    image: `golang:${version}`,
    prepare: ["go mod download"],
    inputs: ["go.mod", ...files.names.has("go.sum") ? ["go.sum"] : []],
    stages: [
      stage("lint", "go vet ./..."),
      stage("build", "go build ./..."),
      stage("test", "go test ./..."),
    ],
  };
}

/** Finds a project of Python. */
export async function python(files: ProjectFiles): Promise<ProjectKind | undefined> {
  const file = first(
    files,
    "uv.lock",
    "poetry.lock",
    "Pipfile",
    "pyproject.toml",
    "requirements.txt",
    "setup.py",
    "setup.cfg",
  );
  if (file === undefined) return undefined;
  const [prepare, run] = file === "uv.lock"
    ? [["pip install uv", "uv sync --frozen"], "uv run "]
    : file === "poetry.lock"
    ? [["pip install poetry", "poetry install"], "poetry run "]
    : file === "Pipfile"
    ? [["pip install pipenv", "pipenv install --dev"], "pipenv run "]
    : file === "requirements.txt"
    ? [["pip install -r requirements.txt pytest"], ""]
    : [["pip install -e . pytest"], ""];
  const tool = files.names.has("tox.ini") ? "tox" : "python -m pytest";
  const version = /^3\.\d+/.exec((await files.read(".python-version")).trim())?.[0] ?? "3.12";
  return {
    name: "python",
    title: `a Python project (${file})`,
    image: `python:${version}`,
    prepare: tool === "tox" ? ["pip install tox"] : prepare,
    inputs: tool === "tox" || file === "uv.lock" ? [] : [file],
    stages: [stage("test", tool === "tox" ? "tox" : `${run}${tool}`)],
  };
}

/** Finds a project of Maven. */
export function maven(files: ProjectFiles): ProjectKind | undefined {
  if (!files.names.has("pom.xml")) return undefined;
  const mvn = files.names.has("mvnw") ? "./mvnw -B" : "mvn -B";
  return {
    name: "maven",
    title: "a Maven project (pom.xml)",
    image: "maven:3-eclipse-temurin-21",
    prepare: [],
    inputs: [],
    stages: [stage("build", `${mvn} package -DskipTests`), stage("test", `${mvn} verify`)],
  };
}

/** Finds a project of Gradle. */
export function gradle(files: ProjectFiles): ProjectKind | undefined {
  const file = first(files, "build.gradle", "build.gradle.kts", "settings.gradle");
  if (file === undefined) return undefined;
  const command = files.names.has("gradlew") ? "./gradlew --no-daemon" : "gradle --no-daemon";
  return {
    name: "gradle",
    title: `a Gradle project (${file})`,
    image: files.names.has("gradlew") ? "eclipse-temurin:21-jdk" : "gradle:jdk21",
    prepare: [],
    inputs: [],
    stages: [stage("build", `${command} assemble`), stage("test", `${command} check`)],
  };
}

/** Finds a project of Ruby. */
export async function ruby(files: ProjectFiles): Promise<ProjectKind | undefined> {
  if (!files.names.has("Gemfile")) return undefined;
  const version = /(\d+\.\d+)/.exec(await files.read(".ruby-version"))?.[1] ?? "3.3";
  const test = files.names.has("Rakefile") && !files.names.has(".rspec")
    ? "bundle exec rake"
    : "bundle exec rspec";
  return {
    name: "ruby",
    title: "a Ruby project (Gemfile)",
    image: `ruby:${version}`,
    prepare: ["bundle install"],
    inputs: ["Gemfile", ...files.names.has("Gemfile.lock") ? ["Gemfile.lock"] : []],
    stages: [stage("test", test)],
  };
}

/** Finds a project of PHP. */
export async function php(files: ProjectFiles): Promise<ProjectKind | undefined> {
  if (!files.names.has("composer.json")) return undefined;
  const scripts = await sectionNames(files, "composer.json", "scripts");
  const test = scripts.includes("test") ? "composer test" : "vendor/bin/phpunit";
  return {
    name: "php",
    title: "a PHP project (composer.json)",
    image: "composer:2",
    prepare: ["composer install --no-interaction --no-progress"],
    inputs: [],
    stages: [stage("test", test)],
  };
}

/** Finds a project of .NET. */
export function dotnet(files: ProjectFiles): ProjectKind | undefined {
  const file = withSuffix(files, ".sln") ?? withSuffix(files, ".csproj") ??
    withSuffix(files, ".fsproj");
  if (file === undefined) return undefined;
  return {
    name: "dotnet",
    title: `a .NET project (${file})`,
    image: "mcr.microsoft.com/dotnet/sdk:8.0",
    prepare: ["dotnet restore"],
    inputs: [],
    stages: [
      stage("build", "dotnet build --no-restore"),
      stage("test", "dotnet test --no-restore"),
    ],
  };
}

/** Finds a project of Elixir. */
export function elixir(files: ProjectFiles): ProjectKind | undefined {
  if (!files.names.has("mix.exs")) return undefined;
  return {
    name: "elixir",
    title: "an Elixir project (mix.exs)",
    image: "elixir:1.16",
    prepare: ["mix local.hex --force", "mix local.rebar --force", "mix deps.get"],
    inputs: [],
    stages: [stage("lint", "mix format --check-formatted"), stage("test", "mix test")],
  };
}

/** Finds a project of Scala. */
export function scala(files: ProjectFiles): ProjectKind | undefined {
  if (!files.names.has("build.sbt")) return undefined;
  return {
    name: "scala",
    title: "a Scala project (build.sbt)",
    image: "sbtscala/scala-sbt:eclipse-temurin-21.0.2_13_1.9.9_2.13.13",
    prepare: [],
    inputs: [],
    stages: [stage("build", "sbt compile"), stage("test", "sbt test")],
  };
}

/** Finds a project of Swift. */
export function swift(files: ProjectFiles): ProjectKind | undefined {
  if (!files.names.has("Package.swift")) return undefined;
  return {
    name: "swift",
    title: "a Swift project (Package.swift)",
    image: "swift:5.10",
    prepare: [],
    inputs: [],
    stages: [stage("build", "swift build"), stage("test", "swift test")],
  };
}

/** Finds a project of Haskell. */
export function haskell(files: ProjectFiles): ProjectKind | undefined {
  const file = first(files, "stack.yaml", "cabal.project") ?? withSuffix(files, ".cabal");
  if (file === undefined) return undefined;
  const isStack = file === "stack.yaml";
  return {
    name: "haskell",
    title: `a Haskell project (${file})`,
    image: "haskell:9",
    prepare: isStack ? [] : ["cabal update"],
    inputs: [],
    stages: isStack
      ? [stage("build", "stack build"), stage("test", "stack test")]
      : [stage("build", "cabal build all"), stage("test", "cabal test all")],
  };
}

/** Finds a project of Zig. */
export function zig(files: ProjectFiles): ProjectKind | undefined {
  if (!files.names.has("build.zig")) return undefined;
  return {
    name: "zig",
    title: "a Zig project (build.zig)",
    image: "alpine:edge",
    prepare: ["apk add --no-cache zig"],
    inputs: [],
    stages: [stage("build", "zig build"), stage("test", "zig build test")],
  };
}
