/** The module of dax; its `$` is the template. */
export type Shell = typeof import("../deps/dax.ts");

/**
 * Loads dax, whose `$` is a shell-like template for scripts: pipes, `&&`, redirections, quotes and
 * globs that work the same everywhere, without a shell.
 *
 * For steps that run to their end. What dax starts is in no process group of its own, so ending it
 * leaves grandchildren behind: services, commands with a time limit, logs and limits are for
 * {@linkcode command}. Loaded on first use, as it takes 40 ms.
 *
 * Permissions: `--allow-run`, `--allow-env`, `--allow-read`; see dax.
 *
 * @returns The module.
 * @example
 * ```ts
 * import { shell } from "@superorch/superorch/commands";
 *
 * const { $ } = await shell();
 * console.log(await $`echo one | cat`.text()); // "one"
 * ```
 */
export function shell(): Promise<Shell> {
  return import("../deps/dax.ts");
}
