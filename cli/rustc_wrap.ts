#!/usr/bin/env -S deno run -A
/**
 * The program `rustcbuildx`: cargo's `RUSTC_WRAPPER`. Cargo starts it once for each crate, so it
 * loads nothing but what a result in the store needs; everything else comes when it is needed.
 *
 * Permissions: `-A`: it starts compilers, and reads and writes wherever cargo says.
 *
 * @module
 */

import { wrap } from "../lib/rustc_wrap/wrap.ts";

/** The program name in messages. */
const NAME = "rustcbuildx";

/**
 * Runs the wrapper.
 *
 * @param args The words after the program's name: a compiler and its words.
 * @returns The exit code: the compiler's own.
 */
export async function rustcWrapMain(args: readonly string[]): Promise<number> {
  const end = new AbortController();
  let code = 0;
  const stop = (signal: "SIGINT" | "SIGTERM" | "SIGHUP", number: number) => {
    const listener = () => {
      code = 128 + number;
      end.abort(new DOMException(`ended by ${signal}`, "AbortError"));
      // Whoever asked for an end does not wait for a daemon that is slow to answer.
      setTimeout(() => Deno.exit(code), 1500);
    };
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  };
  const listeners = [stop("SIGINT", 2), stop("SIGTERM", 15), stop("SIGHUP", 1)];
  try {
    if (args[0] === "run-build-script") {
      const { runBuildScript } = await import("../lib/rustc_wrap/build_script.ts");
      return await runBuildScript(args.slice(1), { signal: end.signal });
    }
    return await wrap(args, { signal: end.signal });
  } catch (error) {
    if (end.signal.aborted) return code;
    const text = error instanceof Error ? error.message : String(error);
    Deno.stderr.writeSync(new TextEncoder().encode(`error: ${NAME}: ${text}\n`));
    return error instanceof TypeError ? 2 : 1;
  } finally {
    for (const remove of listeners) remove();
  }
}

if (import.meta.main) {
  // Connections that the engine keeps open would hold the process, so it is ended by name.
  rustcWrapMain(Deno.args).then((code) => Deno.exit(code));
}
