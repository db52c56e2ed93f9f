#!/usr/bin/env -S deno run -A
/**
 * The command line `superorch`; its commands are in `program.ts`.
 *
 * Permissions: what the command needs; `-A` for all of them.
 *
 * @module
 */

import { type Output, standardOutput } from "./output.ts";
import { VERSION } from "./version.ts";

export type { Output, Sink } from "./output.ts";

/**
 * Not written where it is imported: Deno loads everything that a literal `import()` leads to before
 * it runs anything, and for all commands that takes 40 ms.
 */
const PROGRAM = "./program.ts";
const NEW_PROGRAM = "./new_program.ts";
const UP = "./up.ts";
const DOWN = "./down.ts";

/**
 * Runs the command line.
 *
 * @param args The words after the program's name.
 * @param output Where results and everything else go. Default: the streams of this process.
 * @returns The exit code: 0 done, 1 the work failed, 2 the input is wrong, 124 timed out.
 */
export async function runCli(args: readonly string[], output?: Output): Promise<number> {
  return await (await program()).runCli(args, output);
}

async function program(): Promise<typeof import("./program.ts")> {
  return await import(PROGRAM);
}

async function start(): Promise<number> {
  // Before anything else is loaded: where there is nothing to do, it should take no time.
  if (Deno.args[0] === "up") {
    const { printIfUp } = await import("./_up_receipt.ts");
    if (await printIfUp(Deno.args, VERSION)) return 0;
  }
  if (Deno.args[0] === "up" || Deno.args[0] === "down") return await startOne(Deno.args[0]);
  return await (await program()).start();
}

// People wait for these two, and scripts call them often.
async function startOne(name: "up" | "down"): Promise<number> {
  const { runCommand }: typeof import("./new_program.ts") = await import(NEW_PROGRAM);
  const command = name === "up"
    ? (await import(UP) as typeof import("./up.ts")).upCommand
    : (await import(DOWN) as typeof import("./down.ts")).downCommand;
  return await runCommand(Deno.args, command, standardOutput());
}

if (import.meta.main) {
  // Connections that the engine keeps open would hold the process, so it is ended by name.
  start().then((code) => Deno.exit(code));
}
