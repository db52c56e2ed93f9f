/** Generated trees of components: as templates of a real size, and as plain graphs of any size. */
import type { Build, Component, Configuration, Dependency } from "../../lib/orchestra/mod.ts";
import { parseDependency } from "../../lib/orchestra/mod.ts";
import { orchestraConfig } from "./_ytt_config.ts";

/**
 * Writes a project whose templates give 190 components with 440 builds, and two that these need.
 *
 * @param directory Where `.orchestra` is made.
 * @returns The deepest component.
 */
export async function writeProject(directory: string): Promise<string> {
  const config = `${directory}/.orchestra/config`;
  for (const { path, data } of orchestraConfig(1)) {
    const target = `${config}/${path}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(target, data as string);
  }
  const tools = ["cmake", "ninja"].map((name) =>
    `  ${name}: {builds: {default: {configure: "mkdir -p $BUILD_DIR", install: "true"}}}\n`
  );
  await Deno.writeTextFile(
    `${config}/tools.yml`,
    `#@ load("@ytt:overlay", "overlay")
#@overlay/match by=overlay.all, expects=1
#@overlay/match-child-defaults missing_ok=True
---
#@overlay/match missing_ok=True
branches: [master]
#@overlay/match-child-defaults missing_ok=True
components:
${tools.join("")}`,
  );
  return "lib/component189";
}

/** Removes all caches of such a project, and says that all its repositories are at a commit. */
export async function emptyCache(directory: string): Promise<void> {
  const cache = `${directory}/.orchestra/cache`;
  await Deno.remove(cache, { recursive: true }).catch(() => {});
  await Deno.mkdir(cache);
  const refs = Array.from({ length: 190 }, (_, index) => [
    `component${index}`,
    { master: index.toString(16).padStart(40, "0") },
  ]);
  await Deno.writeTextFile(
    `${cache}/remote_refs_cache.json`,
    JSON.stringify(Object.fromEntries(refs)),
  );
}

/**
 * Makes a tree in which each component has two builds and needs three before it; every tenth one is
 * part of a cycle that a choice has to break.
 *
 * @param count How many components.
 */
export function syntheticTree(count: number): Configuration {
  const components = new Map<string, Component>();
  for (let index = 0; index < count; index++) {
    const name = `c${index}`;
    const earlier = [1, 7, 31].map((step) => index - step).filter((other) => other >= 0);
    const signs = ["", "~second", ""];
    const before = earlier.map((other, at) => dependency(`c${other}${signs[at]}`));
    // The first build needs the next component, which needs this one: only the second one will do.
    const ahead = index % 10 === 5 && index + 1 < count ? [dependency(`c${index + 1}`)] : [];
    const builds = new Map([
      ["first", build(name, "first", [...before, ...ahead])],
      ["second", build(name, "second", before)],
    ]);
    components.set(name, {
      name,
      builds,
      defaultBuild: "first",
      license: null,
      binaryArchives: null,
      repository: index % 2 === 0 ? `r${index}` : null,
      buildFromSource: false,
      skipPostInstall: false,
      addToPath: [],
      testTriggers: [],
      checkBranch: [],
    });
  }
  const paths = {
    dotdir: "/x/.orchestra",
    orchestraRoot: "/x/root",
    sourceArchives: "/x/source_archives",
    binaryArchives: "/x/binary_archives",
    sourcesDir: "/x/sources",
    buildsDir: "/x/build",
    tmpRoots: "/x/tmproot",
    cache: "/x/.orchestra/cache",
  };
  return {
    components,
    paths,
    environment: [],
    addToPath: [],
    remoteBaseUrls: [],
    binaryArchives: [],
    branches: [],
    hash: "0".repeat(40),
  };
}

function dependency(text: string): Dependency {
  return parseDependency(text)!;
}

function build(component: string, name: string, dependencies: readonly Dependency[]): Build {
  const script = `echo ${component} ${name}\nmake -C "$BUILD_DIR" install\n`.repeat(10);
  return {
    component,
    name,
    configure: 'mkdir -p "$BUILD_DIR"\n',
    install: script,
    dependencies,
    buildDependencies: [],
    ndebug: true,
    asan: false,
  };
}
