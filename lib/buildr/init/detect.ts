/** What kind of project it is, and how it is built. */
export interface ProjectKind {
  /** For programs and for `--kind`. */
  readonly name: string;
  /** For people: `a Node project (package-lock.json)`. */
  readonly title: string;
  /** The image to build it in. */
  readonly image: string;
  /** What makes the container ready: `prepare`. */
  readonly prepare: readonly string[];
  /** Files that `prepare` depends on; its outcome is kept while they do not change. */
  readonly inputs: readonly string[];
  /** Stages and their lines, in their order. */
  readonly stages: readonly { readonly name: string; readonly script: readonly string[] }[];
}

/** What a project has, for who looks at it. */
export interface ProjectFiles {
  /** Names of what is at the top of the project. */
  readonly names: ReadonlySet<string>;
  /** Reads a file at the top; empty when it is not there. */
  readonly read: (name: string) => Promise<string>;
}

type Detector = (files: ProjectFiles) => Promise<ProjectKind | undefined> | ProjectKind | undefined;

const DETECTORS: readonly Detector[] = [
  deno,
  node,
  rust,
  go,
  python,
  maven,
  gradle,
  ruby,
  php,
  dotnet,
  elixir,
  scala,
  swift,
  haskell,
  zig,
  meson,
  cmake,
  autotools,
  bazel,
  make,
  compose,
  docker,
];

/**
 * Finds out what kind of project something is, from the files at its top.
 *
 * @param files The files.
 * @returns Every kind that fits, the likeliest first.
 */
export async function detectProject(files: ProjectFiles): Promise<readonly ProjectKind[]> {
  const kinds: ProjectKind[] = [];
  for (const detect of DETECTORS) {
    const kind = await detect(files);
    if (kind !== undefined) kinds.push(kind);
  }
  return kinds;
}

function first(files: ProjectFiles, ...names: readonly string[]): string | undefined {
  return names.find((name) => files.names.has(name));
}

function withSuffix(files: ProjectFiles, suffix: string): string | undefined {
  return [...files.names].sort().find((name) => name.endsWith(suffix));
}

function stage(name: string, ...script: readonly string[]) {
  return { name, script };
}

async function deno(files: ProjectFiles): Promise<ProjectKind | undefined> {
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

async function node(files: ProjectFiles): Promise<ProjectKind | undefined> {
  if (!files.names.has("package.json")) return undefined;
  const scripts = await sectionNames(files, "package.json", "scripts");
  const lock = first(
    files,
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lockb",
    "bun.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
  );
  const manager = lock?.startsWith("pnpm")
    ? "pnpm"
    : lock?.startsWith("yarn")
    ? "yarn"
    : lock?.startsWith("bun")
    ? "bun"
    : "npm";
  const install = {
    pnpm: ["corepack enable", "pnpm install --frozen-lockfile"],
    yarn: ["corepack enable", "yarn install --frozen-lockfile"],
    bun: ["bun install --frozen-lockfile"],
    npm: [lock === undefined ? "npm install" : "npm ci"],
  }[manager];
  const stages = ["lint", "typecheck", "build", "test"].filter((name) => scripts.includes(name))
    .map((name) => stage(name, `${manager} run ${name}`));
  const version = /(\d+)/.exec(await files.read(".nvmrc"))?.[1] ?? "22";
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

async function rust(files: ProjectFiles): Promise<ProjectKind | undefined> {
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

async function go(files: ProjectFiles): Promise<ProjectKind | undefined> {
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

async function python(files: ProjectFiles): Promise<ProjectKind | undefined> {
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

function maven(files: ProjectFiles): ProjectKind | undefined {
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

function gradle(files: ProjectFiles): ProjectKind | undefined {
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

async function ruby(files: ProjectFiles): Promise<ProjectKind | undefined> {
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

async function php(files: ProjectFiles): Promise<ProjectKind | undefined> {
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

function dotnet(files: ProjectFiles): ProjectKind | undefined {
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

function elixir(files: ProjectFiles): ProjectKind | undefined {
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

function scala(files: ProjectFiles): ProjectKind | undefined {
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

function swift(files: ProjectFiles): ProjectKind | undefined {
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

function haskell(files: ProjectFiles): ProjectKind | undefined {
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

function zig(files: ProjectFiles): ProjectKind | undefined {
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

function debian(
  name: string,
  file: string,
  title: string,
  packages: string,
  stages: ProjectKind["stages"],
): ProjectKind {
  return {
    name,
    title: `${title} (${file})`,
    image: "debian:12",
    prepare: ["apt-get update", `apt-get install -y --no-install-recommends ${packages}`],
    inputs: [],
    stages,
  };
}

function meson(files: ProjectFiles): ProjectKind | undefined {
  if (!files.names.has("meson.build")) return undefined;
  return debian("meson", "meson.build", "a Meson project", "build-essential meson pkg-config", [
    stage("build", "meson setup build", "meson compile -C build"),
    stage("test", "meson test -C build"),
  ]);
}

function cmake(files: ProjectFiles): ProjectKind | undefined {
  if (!files.names.has("CMakeLists.txt")) return undefined;
  return debian("cmake", "CMakeLists.txt", "a CMake project", "build-essential cmake", [
    stage("build", "cmake -S . -B build", "cmake --build build"),
    stage("test", "ctest --test-dir build --output-on-failure"),
  ]);
}

function autotools(files: ProjectFiles): ProjectKind | undefined {
  const file = first(files, "configure.ac", "configure.in", "configure");
  if (file === undefined) return undefined;
  const generates = file !== "configure" && !files.names.has("configure");
  return debian(
    "autotools",
    file,
    "an Autotools project",
    `build-essential${generates ? " autoconf automake libtool" : ""}`,
    [
      stage("build", ...generates ? ["autoreconf -fi"] : [], "./configure", "make"),
      stage("test", "make check"),
    ],
  );
}

function bazel(files: ProjectFiles): ProjectKind | undefined {
  const file = first(files, "MODULE.bazel", "WORKSPACE", "WORKSPACE.bazel");
  if (file === undefined) return undefined;
  return {
    name: "bazel",
    title: `a Bazel project (${file})`,
    image: "gcr.io/bazel-public/bazel:7.1.0",
    prepare: [],
    inputs: [],
    stages: [stage("build", "bazel build //..."), stage("test", "bazel test //...")],
  };
}

async function make(files: ProjectFiles): Promise<ProjectKind | undefined> {
  const file = first(files, "GNUmakefile", "makefile", "Makefile");
  if (file === undefined) return undefined;
  const targets = [...(await files.read(file)).matchAll(/^([\w-]+)\s*:(?!=)/gm)].map((one) =>
    one[1]!
  );
  const test = targets.find((name) => name === "test" || name === "check");
  return debian("make", file, "a project with a makefile", "build-essential", [
    stage("build", "make"),
    ...test === undefined ? [] : [stage("test", `make ${test}`)],
  ]);
}

function compose(files: ProjectFiles): ProjectKind | undefined {
  const file = first(
    files,
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
  );
  if (file === undefined) return undefined;
  return {
    name: "compose",
    title: `a project of containers (${file})`,
    image: "docker:cli",
    prepare: [],
    inputs: [],
    stages: [
      stage("build", "docker compose build"),
      stage("test", "docker compose up --wait", "docker compose down"),
    ],
  };
}

function docker(files: ProjectFiles): ProjectKind | undefined {
  if (!files.names.has("Dockerfile")) return undefined;
  return {
    name: "docker",
    title: "a project with a Dockerfile",
    image: "docker:cli",
    prepare: [],
    inputs: [],
    stages: [stage("build", "docker build .")],
  };
}

// Comments and trailing commas of jsonc are none of JSON's; a section is all that is looked for.
async function sectionNames(
  files: ProjectFiles,
  file: string,
  section: string,
): Promise<readonly string[]> {
  const text = await files.read(file);
  try {
    const value = (JSON.parse(text) as Record<string, unknown> | null)?.[section];
    return typeof value === "object" && value !== null ? Object.keys(value) : [];
  } catch {
    const body = new RegExp(`"${section}"\\s*:\\s*\\{([^]*?)\\n\\s*\\}`).exec(text)?.[1] ?? "";
    return [...body.matchAll(/^\s*"([^"]+)"\s*:/gm)].map((one) => one[1]!);
  }
}
