/**
 * Waiting with an end to it: deadlines that steps share, retries with back-off, polls, host names
 * and ports that are not there yet, and Ctrl-C.
 *
 * Every wait takes a signal and leaves no timer behind. This module does not schedule, queue or
 * limit work.
 *
 * Permissions: none, except `--allow-net` for `waitForLookupHost` and `waitForTcpConnect`.
 *
 * @example
 * ```ts
 * import { exponentialBackoff, waitForOk } from "@superorch/superorch/retry";
 *
 * const text = await waitForOk({
 *   retries: 10,
 *   delayMs: exponentialBackoff({ firstMs: 50, jitter: 0.5 }),
 *   timeoutMs: 5_000,
 *   isRetryable: (error) => error instanceof Deno.errors.NotFound,
 * }, (signal) => Deno.readTextFile("deno.json", { signal }));
 * console.log(text.length > 0); // true
 * ```
 *
 * @module
 */

export { Deadline, type DeadlineOptions } from "./deadline.ts";
export { withTimeout } from "./with_timeout.ts";
export { abortable } from "./abortable.ts";
export { abortableFetch } from "./abortable_fetch.ts";
export { delay, type DelayOptions } from "./delay.ts";
export { waitForOk, type WaitForOkOptions } from "./wait_for_ok.ts";
export { type Backoff, exponentialBackoff, type ExponentialBackoffOptions } from "./backoff.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export { eventually, type EventuallyOptions } from "./eventually.ts";
export { type HostPort, parseHostPort } from "./host_port.ts";
export {
  waitForLookupHost,
  waitForTcpConnect,
  type WaitForTcpConnectOptions,
} from "./wait_for_host.ts";
export { CtrlC, type CtrlCOptions, type EndSignal, InterruptedError } from "./ctrl_c.ts";
