#!/usr/bin/env node
// The command of the package for npm. It starts the command line with Deno, which the package
// "deno" of npm brings along.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../cli/superorch.js", import.meta.url));
const child = spawn("deno", ["run", "-q", "-A", main, ...process.argv.slice(2)], {
  stdio: "inherit",
});
child.on("error", (error) => {
  process.stderr.write(
    error.code === "ENOENT"
      ? "superorch: cannot find Deno, which this command needs; install it with: npm install -g deno\n"
      : `superorch: ${error.message}\n`,
  );
  process.exit(127);
});
// A Ctrl-C reaches both of us, and how it ends is for the program to say.
process.on("SIGINT", () => {});
for (const name of ["SIGTERM", "SIGHUP"]) process.on(name, () => child.kill(name));
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
