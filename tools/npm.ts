/**
 * Writes the package as a tarball that npm installs for programs on Node and Bun:
 *
 *     deno run -A tools/npm.ts [FILE]
 *
 * The default is `dist/superorch-VERSION.tgz`. What needs no Deno works there: errors, diagnostics,
 * templates, the reading of compose files, … What does need it says so when it is called. The
 * command `superorch` of the package starts Deno.
 */

import manifest from "../deno.json" with { type: "json" };
import { stop, transform } from "./esbuild.ts";

const root = new URL("..", import.meta.url);
const target = Deno.args.filter((word) => word !== "--")[0] ??
  `dist/superorch-${manifest.version}.tgz`;
const MORE = {
  description: "Programs instead of bash scripts and docker-compose",
  bin: { superorch: "./bin/superorch.js" },
  engines: { node: ">=20.10" },
};

await pack(target);
console.log(`${target}: ${((await Deno.stat(target)).size / 1024).toFixed(0)} KiB`);

async function pack(path: string): Promise<void> {
  const scratch = await Deno.makeTempDir();
  try {
    await run(Deno.execPath(), [
      "pack",
      "--allow-dirty",
      "--no-source-maps",
      `--output=${scratch}/deno.tgz`,
    ]);
    await run("tar", ["-xzf", `${scratch}/deno.tgz`, "-C", scratch]);
    const made = `${scratch}/package`;
    for await (const file of filesIn(made)) {
      // The sources of modules that no entry point leads to come along as they are.
      if (/(?<!\.d)\.ts$/.test(file)) await Deno.remove(`${made}/${file}`);
      else if (file.endsWith(".js")) await adapt(made, file);
    }
    await Deno.copyFile(new URL("tools/npm/deno.js", root), `${made}/_deno.js`);
    // Deno alone can run the command line, and it loads some of its parts by names that only the
    // bundle has put in place.
    await Deno.remove(`${made}/cli`, { recursive: true });
    await run(Deno.execPath(), ["run", "-A", "tools/bundle.ts", `${made}/cli/superorch.js`]);
    await Deno.mkdir(`${made}/bin`);
    await Deno.copyFile(new URL("tools/npm/superorch.js", root), `${made}/bin/superorch.js`);
    await Deno.chmod(`${made}/bin/superorch.js`, 0o755);
    const description = JSON.parse(await Deno.readTextFile(`${made}/package.json`));
    delete description.exports["./cli"];
    await Deno.writeTextFile(
      `${made}/package.json`,
      `${JSON.stringify({ ...description, ...MORE }, null, 2)}\n`,
    );
    await Deno.mkdir(path.slice(0, Math.max(0, path.lastIndexOf("/"))) || ".", { recursive: true });
    await run("tar", ["-czf", await absolute(path), "-C", scratch, "package"]);
  } finally {
    await stop();
    await Deno.remove(scratch, { recursive: true });
  }
}

async function adapt(directory: string, file: string): Promise<void> {
  const path = `${directory}/${file}`;
  const text = await Deno.readTextFile(path);
  // Node 20 knows no `using`.
  const { code } = await transform(text, { format: "esm", target: "node20.10", charset: "utf8" });
  const up = "../".repeat(file.split("/").length - 1) || "./";
  const names = ["Deno", "DisposableStack", "AsyncDisposableStack"]
    .filter((name) => new RegExp(`\\b${name}\\b`).test(code));
  const needed = `import { ${names.join(", ")} } from "${up}_deno.js";\n`;
  const shebang = /^#!.*\n/.exec(code)?.[0] ?? "";
  await Deno.writeTextFile(path, shebang + needed + code.slice(shebang.length));
}

async function* filesIn(directory: string, below = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(`${directory}/${below}`)) {
    if (isDirectory) yield* filesIn(directory, `${below}${name}/`);
    else yield below + name;
  }
}

async function absolute(path: string): Promise<string> {
  return path.startsWith("/") ? path : `${await Deno.realPath(".")}/${path}`;
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: root,
    stdin: "null",
  }).output();
  if (success) return;
  const decoder = new TextDecoder();
  console.error(decoder.decode(stdout) + decoder.decode(stderr));
  throw new Error(`Cannot pack: ${program} ${args[0]} failed`);
}
