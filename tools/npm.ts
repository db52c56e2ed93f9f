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

/**
 * Stands for Deno where it is not: whoever reaches for it is told what is missing. What Node 20 and
 * 22 lack of the language's own functions is added as the standard has it.
 */
const DENO = `class DenoNeededError extends Error {
  name = "DenoNeededError";
  constructor(name) {
    super(
      \`Cannot use \${name}: this part of ${manifest.name} needs Deno (https://deno.com); \` +
        "run the program with: deno run -A",
    );
  }
}
export const Deno = globalThis.Deno ?? new Proxy({}, {
  get(_target, name) {
    if (typeof name === "symbol") return undefined;
    throw new DenoNeededError("Deno." + name);
  },
});
const needed = (name) =>
  globalThis[name] ?? class {
    constructor() {
      throw new DenoNeededError(name);
    }
  };
export const DisposableStack = needed("DisposableStack");
export const AsyncDisposableStack = needed("AsyncDisposableStack");

const add = (target, name, value) => {
  if (name in target) return;
  Object.defineProperty(target, name, { value, writable: true, configurable: true });
};
add(Promise, "withResolvers", function () {
  let resolve, reject;
  const promise = new this((one, other) => [resolve, reject] = [one, other]);
  return { promise, resolve, reject };
});
add(Map, "groupBy", (items, keyOf) => {
  const groups = new Map();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    if (groups.has(key)) groups.get(key).push(item);
    else groups.set(key, [item]);
  }
  return groups;
});
add(RegExp, "escape", (text) =>
  text.replace(/[\\\\^$.*+?()[\\]{}|/]/g, "\\\\$&")
    .replace(/^[0-9a-zA-Z]|[\\s,\\-=<>#&!%:;@~'\`"]/g, (one) =>
      one > "\\xff" ? one : "\\\\x" + one.charCodeAt(0).toString(16).padStart(2, "0")));
add(Uint8Array.prototype, "toHex", function () {
  return Array.from(this, (byte) => byte.toString(16).padStart(2, "0")).join("");
});
add(Uint8Array.prototype, "toBase64", function (options) {
  const text = btoa(Array.from(this, (byte) => String.fromCharCode(byte)).join(""));
  const url = options?.alphabet === "base64url";
  const spelled = url ? text.replaceAll("+", "-").replaceAll("/", "_") : text;
  return options?.omitPadding ? spelled.replace(/=+$/, "") : spelled;
});
add(Uint8Array, "fromHex", (text) =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16)));
add(Uint8Array, "fromBase64", (text) =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
`;

const BIN = `#!/usr/bin/env node
// Starts the command line with Deno, which the package "deno" of npm brings along.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../cli/main.js", import.meta.url));
const child = spawn("deno", ["run", "-q", "-A", main, ...process.argv.slice(2)], {
  stdio: "inherit",
});
child.on("error", (error) => {
  console.error(
    error.code === "ENOENT"
      ? "superorch: cannot find Deno, which this command needs; install it with: npm install -g deno"
      : "superorch: " + error.message,
  );
  process.exit(127);
});
// A Ctrl-C reaches both of us, and how it ends is for the program to say.
process.on("SIGINT", () => {});
for (const name of ["SIGTERM", "SIGHUP"]) process.on(name, () => child.kill(name));
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
`;

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
    await Deno.writeTextFile(`${made}/_deno.js`, DENO);
    // cli/version.js reads its version there.
    await Deno.writeTextFile(
      `${made}/deno.json`,
      JSON.stringify({ name: manifest.name, version: manifest.version }),
    );
    await Deno.mkdir(`${made}/bin`);
    await Deno.writeTextFile(`${made}/bin/superorch.js`, BIN, { mode: 0o755 });
    const description = JSON.parse(await Deno.readTextFile(`${made}/package.json`));
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
