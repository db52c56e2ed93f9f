import assert from "node:assert/strict";
import { deno } from "../support/cli.ts";

const root = new URL("../..", import.meta.url);

/** What each module names itself; it may also use what those use. */
const USES: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  diagnostics: ["errors"],
  files: ["errors"],
  retry: ["errors"],
  commands: ["errors", "files", "retry"],
  messages: ["errors", "retry"],
  registry: ["errors", "files", "retry", "commands"],
  engine: ["errors", "files", "retry", "commands", "registry"],
  containers: ["engine", "messages"],
  yaml_tree: ["errors", "diagnostics"],
  compose: ["containers", "yaml_tree"],
  buildr: ["containers", "yaml_tree"],
  doctor: ["containers"],
  ytt: ["errors", "diagnostics"],
  rustc_wrap: ["engine", "registry", "commands", "files"],
  orchestra: ["ytt", "commands", "files", "registry", "containers"],
};

interface Import {
  /** Path from the root of the project. */
  readonly file: string;
  /** As the file has it. */
  readonly specifier: string;
  /** What it leads to: a path from the root, or a URL. */
  readonly target: string;
  /** Whether it is loaded only when it is needed, or for its types alone. */
  readonly late: boolean;
}

interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

const manifest: { exports: Record<string, string> } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", root)),
);

/** What every file that an entry point leads to imports, as Deno itself sees it. */
async function readImports(): Promise<readonly Import[]> {
  const found = new Map<string, Import>();
  const path = (url: string) => url.startsWith(root.href) ? url.slice(root.href.length) : url;
  for (const entry of Object.values(manifest.exports)) {
    const { code, stdout, stderr } = await deno(["info", "--json", new URL(entry, root).href]);
    assert.equal(code, 0, stderr);
    for (const { specifier: url, dependencies } of (JSON.parse(stdout) as Graph).modules) {
      const file = path(url);
      if (!/^(?:lib|cli|mod\.ts)/.test(file)) continue;
      for (const { specifier, code, type, isDynamic } of dependencies ?? []) {
        const target = path(code?.specifier ?? type?.specifier ?? specifier);
        const late = isDynamic === true || code === undefined;
        found.set(`${file} ${specifier} ${late}`, { file, specifier, target, late });
      }
    }
  }
  return [...found.values()];
}

const imports = await readImports();

async function* sourcesIn(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(directory, root))) {
    if (isDirectory) yield* sourcesIn(`${directory}${name}/`);
    else if (name.endsWith(".ts")) yield `${directory}${name}`;
  }
}

function moduleOf(path: string): string {
  return /^lib\/([^/]+)\//.exec(path)?.[1] ?? path;
}

function allowed(module: string): ReadonlySet<string> {
  const names = new Set([module, "deps"]);
  for (const used of USES[module] ?? []) {
    for (const name of allowed(used)) names.add(name);
  }
  return names;
}

Deno.test("modules use only what stands above them in the house", () => {
  const wrong: string[] = [];
  for (const { file, specifier, target } of imports) {
    if (!file.startsWith("lib/") || !specifier.startsWith(".")) continue;
    const [from, to] = [moduleOf(file), moduleOf(target)];
    if (from === "deps") {
      wrong.push(`${file} imports ${specifier}, and a package file none of ours`);
    } else if (!(from in USES)) {
      wrong.push(`${file}: the module "${from}" has no place in the house`);
    } else if (!allowed(from).has(to)) wrong.push(`${file} imports ${specifier}`);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("packages are named in lib/deps only, with a version", () => {
  const named = imports.filter(({ specifier }) => !/^\.|^node:/.test(specifier));
  assert.ok(named.length > 0);
  const wrong = named.filter(({ file, specifier }) =>
    !file.startsWith("lib/deps/") || !/^npm:.+@[\^~]\d/.test(specifier)
  );
  assert.deepEqual(wrong, []);
});

Deno.test("what every importer pays for at start loads no module of Node", () => {
  // node:fs alone costs 20 ms; a dynamic import() when it is needed costs nobody else anything.
  const wrong = imports.filter(({ file, specifier, late }) =>
    file.startsWith("lib/") && specifier.startsWith("node:") && !late
  );
  assert.deepEqual(wrong, []);
});

Deno.test("every module is an entry point, and every top one is in mod.ts", async () => {
  const all = await Deno.readTextFile(new URL("mod.ts", root));
  for await (const file of sourcesIn("lib/")) {
    const name = /^lib\/(.+)\/mod\.ts$/.exec(file)?.[1];
    if (name === undefined) continue;
    assert.equal(manifest.exports[`./${name}`], `./${file}`, `deno.json does not export ${file}`);
    if (!name.includes("/")) assert.ok(all.includes(`"./${file}"`), `mod.ts leaves out ${file}`);
  }
});

Deno.test("importing everything reads no environment, starts nothing and opens nothing", async () => {
  const script = `import ${JSON.stringify(new URL("mod.ts", root).href)};`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "--ext=ts", "-"],
    cwd: root,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { code, stderr } = await child.output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
});
