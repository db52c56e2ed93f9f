/**
 * Writes the command line as one file that needs nothing but Deno, and works wherever it is copied:
 *
 *     deno run -A tools/bundle.ts [FILE]
 *
 * The default is `dist/superorch`. Its source map is inside, so the places in errors are lines of
 * the published sources.
 */

import manifest from "../deno.json" with { type: "json" };

interface SourceMap {
  version: number;
  sources: string[];
  mappings: string;
  names: string[];
}

const SHEBANG = "#!/usr/bin/env -S deno run --no-config -A --ext=js\n";

const root = new URL("..", import.meta.url);
const target = Deno.args.filter((word) => word !== "--")[0] ?? "dist/superorch";
await bundle(target);
await bundleWrapper(`${target.slice(0, target.lastIndexOf("/") + 1)}rustcbuildx.js`);
console.log(`${target}: ${((await Deno.stat(target)).size / 1024).toFixed(0)} KiB`);

async function bundle(path: string): Promise<void> {
  const scratch = await Deno.makeTempDir();
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--sourcemap=external", `--output=${scratch}/main.js`, "cli/program.ts"],
      cwd: root,
    }).output();
    if (code !== 0) {
      console.error(new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
      Deno.exit(1);
    }
    const script = alignLines(await Deno.readTextFile(`${scratch}/main.js`));
    const map: SourceMap = JSON.parse(await Deno.readTextFile(`${scratch}/main.js.map`));
    const sources = map.sources.map((source) => publishedAs(new URL(source, `file://${scratch}/`)));
    // The first line of cli/program.ts is kept, and takes the place that ours needs.
    if (!script.startsWith("#!")) throw new Error("Cannot bundle: cli/program.ts has no #! line");
    // Without the sources themselves, which would be a third of the file; places need none.
    const { version, mappings, names } = map;
    const moved = { version, sources, mappings, names };
    const url = `data:application/json;base64,${base64(JSON.stringify(moved))}`;
    await Deno.mkdir(path.slice(0, Math.max(0, path.lastIndexOf("/"))) || ".", { recursive: true });
    await Deno.writeTextFile(
      path,
      `${script.replace(/^#!.*\n/, SHEBANG)}//# sourceMappingURL=${url}\n`,
    );
    await Deno.chmod(path, 0o755);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/**
 * Deno 2.9.6 puts lines of its own in the place of esbuild's helper for `require`, which has three
 * more, and leaves the source map as it was: without these every later place would be three off.
 */
function alignLines(script: string): string {
  return script.replace(
    /^(var __require = __deno_internal_createRequire\(import\.meta\.url\);\n)/m,
    "$1\n\n\n",
  );
}

/** Cargo starts the wrapper once for each crate: it is a file of its own, and small. */
async function bundleWrapper(path: string): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--minify", `--output=${await absolute(path)}`, "cli/rustc_wrap.ts"],
    cwd: root,
  }).output();
  if (code === 0) return;
  console.error(new TextDecoder().decode(stderr));
  Deno.exit(1);
}

async function absolute(path: string): Promise<string> {
  const slash = path.lastIndexOf("/");
  return `${await Deno.realPath(path.slice(0, Math.max(0, slash)) || ".")}/${
    path.slice(slash + 1)
  }`;
}

// The map names files of the machine that made the bundle. Where the source can be read by
// everybody says more, and `errors` prints it as "@superorch/superorch@0.1.0/cli/main.ts".
function publishedAs(source: URL): string {
  const { name, version } = manifest;
  if (source.href.startsWith(root.href)) {
    return `https://jsr.io/${name}/${version}/${source.href.slice(root.href.length)}`;
  }
  const npm = /\/registry\.npmjs\.org\/((?:@[^/]+\/)?[^/]+)\/([^/]+)\/(.+)$/.exec(source.href);
  return npm === null ? source.href : `https://cdn.jsdelivr.net/npm/${npm[1]}@${npm[2]}/${npm[3]}`;
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
