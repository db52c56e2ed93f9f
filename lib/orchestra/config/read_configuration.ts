import type {
  Build,
  Component,
  Configuration,
  Dependency,
  EnvironmentEntry,
  NamedUrl,
} from "../model.ts";
import { sanitize } from "../model.ts";
import type { Log } from "../log.ts";
import { parseDependency } from "./dependency.ts";
import { mostSimilar } from "./similarity.ts";
import type { Mistake } from "./validate.ts";

/** A configuration that has the form of the schema. */
export interface RawConfiguration {
  readonly components: Readonly<Record<string, RawComponent>>;
  readonly add_to_path?: readonly string[];
  readonly environment?: readonly Readonly<Record<string, string>>[];
  readonly paths?: Readonly<Record<string, string>>;
  readonly remote_base_urls?: readonly Readonly<Record<string, string>>[];
  readonly binary_archives?: readonly Readonly<Record<string, string>>[];
  readonly branches?: readonly string[];
  readonly min_orchestra_version?: string;
}

interface RawComponent {
  readonly builds: Readonly<Record<string, RawBuild>>;
  readonly default_build?: string;
  readonly license?: string;
  readonly binary_archives?: string;
  readonly repository?: string;
  readonly build_from_source?: boolean;
  readonly skip_post_install?: boolean;
  readonly add_to_path?: readonly string[];
  readonly test_triggers?: readonly string[];
  readonly check_branch?: readonly string[];
}

interface RawBuild {
  readonly configure: string;
  readonly install: string;
  readonly dependencies?: readonly string[];
  readonly build_dependencies?: readonly string[];
  readonly ndebug?: boolean;
  readonly asan?: boolean;
}

/** The part of a {@linkcode Configuration} that follows from its text alone. */
export type ReadResult = Omit<Configuration, "paths" | "hash">;

/** Notes a mistake. */
type Note = (path: Mistake["path"], message: string) => void;

/**
 * Reads a configuration that has the form of the schema into the model.
 *
 * @param raw What the templates expand to.
 * @param log Gets warnings.
 * @returns The model, and all mistakes; with mistakes the model is not to be used.
 */
export function readConfiguration(
  raw: RawConfiguration,
  log: Log,
): { readonly result: ReadResult; readonly mistakes: readonly Mistake[] } {
  const mistakes: Mistake[] = [];
  const note: Note = (path, message) => mistakes.push({ path, message });
  const components = new Map<string, Component>();
  for (const [name, component] of Object.entries(raw.components)) {
    components.set(name, readComponent(name, component, note));
  }
  checkDependencies(components, note);
  checkSharedNames(components, note);
  warnAboutBooleans(components, log);
  const result: ReadResult = {
    components,
    environment: readEnvironment(raw.environment ?? [], note),
    addToPath: raw.add_to_path ?? [],
    remoteBaseUrls: namedUrls("remote_base_urls", raw, note),
    binaryArchives: namedUrls("binary_archives", raw, note),
    branches: raw.branches ?? [],
  };
  return { result, mistakes };
}

function readComponent(name: string, raw: RawComponent, note: Note): Component {
  const path = ["components", name];
  checkName("component", name, path, note);
  const builds = new Map<string, Build>();
  for (const [build, content] of Object.entries(raw.builds)) {
    builds.set(build, readBuild(name, build, content, note));
  }
  if (raw.repository !== undefined) {
    checkName("repository", raw.repository, [...path, "repository"], note);
  }
  const first = [...builds.keys()].sort()[0];
  if (first === undefined) {
    note([...path, "builds"], `Component ${name} must have at least one build, and has none`);
  }
  const defaultBuild = raw.default_build ?? first ?? "";
  if (first !== undefined && !builds.has(defaultBuild)) {
    const place = [...path, "default_build"];
    note(place, `Invalid default build "${defaultBuild}" for component ${name}`);
  }
  raw.check_branch?.forEach((command, index) => {
    if (!command.includes("\n")) return;
    note([...path, "check_branch", index], "Newlines are not allowed in check-branch commands");
  });
  return {
    name,
    builds,
    defaultBuild,
    license: raw.license ?? null,
    binaryArchives: raw.binary_archives ?? null,
    repository: raw.repository ?? null,
    buildFromSource: raw.build_from_source ?? false,
    skipPostInstall: raw.skip_post_install ?? false,
    addToPath: raw.add_to_path ?? [],
    testTriggers: raw.test_triggers ?? [],
    checkBranch: raw.check_branch ?? [],
  };
}

function readBuild(component: string, name: string, raw: RawBuild, note: Note): Build {
  const path = ["components", component, "builds", name];
  checkName("build", name, path, note);
  const read = (key: "dependencies" | "build_dependencies") =>
    (raw[key] ?? []).flatMap((text, index): Dependency[] => {
      const dependency = parseDependency(text);
      if (dependency === undefined) {
        note([...path, key, index], `Invalid dependency specified: ${text}`);
      }
      return dependency === undefined ? [] : [dependency];
    });
  return {
    component,
    name,
    configure: raw.configure,
    install: raw.install,
    dependencies: read("dependencies"),
    buildDependencies: read("build_dependencies"),
    ndebug: raw.ndebug ?? true,
    asan: raw.asan ?? false,
  };
}

/** Names become parts of paths: none may lead elsewhere. */
function checkName(what: string, name: string, path: Mistake["path"], note: Note): void {
  // deno-lint-ignore no-control-regex -- they cannot be in names of files
  if (/[\x00-\x1f\x7f]/.test(name) || name.split("/").some((part) => /^\.{0,2}$/.test(part))) {
    note(path, `The name of a ${what} must be usable as a path, and is ${JSON.stringify(name)}`);
  }
}

function checkDependencies(components: ReadonlyMap<string, Component>, note: Note): void {
  for (const { name, builds } of components.values()) {
    for (const build of builds.values()) {
      const lists = {
        dependencies: build.dependencies,
        build_dependencies: build.buildDependencies,
      };
      for (const [key, list] of Object.entries(lists)) {
        list.forEach((dependency, index) => {
          const problem = problemOf(dependency, components);
          if (problem === undefined) return;
          const path = ["components", name, "builds", build.name, key, index];
          note(path, `${name}@${build.name} depends on ${problem}`);
        });
      }
    }
  }
}

function problemOf(
  { component, build, text }: Dependency,
  components: ReadonlyMap<string, Component>,
): string | undefined {
  const found = components.get(component);
  if (found === undefined) {
    const meant = mostSimilar(component, components.keys());
    return `${text}, but there is no component "${component}"${suggestion(meant)}`;
  }
  if (build === undefined || found.builds.has(build)) return undefined;
  const meant = mostSimilar(build, found.builds.keys());
  return `${text}, but component "${component}" has no build "${build}"${suggestion(meant)}`;
}

function suggestion(meant: string | undefined): string {
  return meant === undefined ? "" : `, did you mean "${meant}"?`;
}

/** `a/b` and `a_b` would have the same directories and the same files of metadata. */
function checkSharedNames(components: ReadonlyMap<string, Component>, note: Note): void {
  noteShared("components", [...components.keys()], ["components"], note);
  for (const { name, builds } of components.values()) {
    noteShared("builds", [...builds.keys()], ["components", name, "builds"], note);
  }
}

function noteShared(
  what: string,
  names: readonly string[],
  path: Mistake["path"],
  note: Note,
): void {
  const first = new Map<string, string>();
  for (const name of names) {
    const place = sanitize(name);
    const other = first.get(place);
    if (other === undefined) first.set(place, name);
    else {
      note(
        [...path, name],
        `The ${what} ${other} and ${name} have the same paths: both are ${place} there`,
      );
    }
  }
}

/** Unquoted, `y`, `no` or `on` is no name in YAML 1.1. */
function warnAboutBooleans(components: ReadonlyMap<string, Component>, log: Log): void {
  const names = [...components.values()].flatMap(({ name, builds }) => [name, ...builds.keys()]);
  for (const name of new Set(names)) {
    if (!/^(?:true|false|<nil>)$/.test(name)) continue;
    log("WARNING", `A name is read as ${name}: names such as y, no, on or null must be quoted`);
  }
}

function readEnvironment(
  list: readonly Readonly<Record<string, string>>[],
  note: Note,
): readonly EnvironmentEntry[] {
  return list.flatMap((entries, index) =>
    Object.entries(entries).map(([key, value]): EnvironmentEntry => {
      const unset = key.startsWith("-");
      const name = unset ? key.slice(1) : key;
      const path = ["environment", index, key];
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        note(path, `The name of a variable must be one for bash, and is ${JSON.stringify(name)}`);
      }
      if (!unset) return { kind: "set", name, value };
      if (value !== "") {
        note(
          path,
          `Requested environment variable ${name} to be unset but its value is not empty`,
        );
      }
      return { kind: "unset", name };
    })
  );
}

function namedUrls(
  key: "remote_base_urls" | "binary_archives",
  raw: RawConfiguration,
  note: Note,
): readonly NamedUrl[] {
  // Of a name that is there twice, the last URL counts, at the place of the first.
  const urls = new Map<string, string>();
  raw[key]?.forEach((entries, index) => {
    for (const [name, url] of Object.entries(entries)) {
      checkName("remote", name, [key, index, name], note);
      urls.set(name, url);
    }
  });
  return [...urls].map(([name, url]) => ({ name, url }));
}
