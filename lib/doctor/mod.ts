/**
 * Looks at a container engine and at this machine, and says what is in order, what is not, and
 * which command mends it.
 *
 * It changes nothing that stays, but for a small image of busybox where the engine has none. What
 * sets an engine up is `engine/ensure`, what removes the leftovers of dead runs is `containers`.
 *
 * Permissions: those of `engine`; `--allow-sys=uid,gid`, `--allow-read` of the sockets, of
 * `/etc/group` and of the directories in `PATH`; `--allow-net=example.com` for the name that is
 * looked up on this machine; `--allow-all` to tell dead owners from living ones.
 *
 * @example
 * ```ts
 * import { diagnose } from "@superorch/superorch/doctor";
 *
 * const { checks } = await diagnose({ host: "unix:///nonexistent.sock" });
 * for (const { name, state, message, mend } of checks) {
 *   if (state !== "ok") console.log(`${name}: ${message}; try: ${mend}`);
 * }
 * ```
 *
 * @module
 */

export type { CheckName, CheckResult, CheckState } from "./check.ts";
export type { ReadEnv } from "../engine/mod.ts";
export { diagnose, type DiagnoseOptions, type Diagnosis, type TriedEngine } from "./diagnose.ts";
