/**
 * What happens to the output of a running program: bounded tails, log files that keep the newest
 * bytes, one log for several streams, prefixed live views, redaction, lines.
 *
 * The parts take chunks of bytes and know nothing of processes; `commands` and `containers` put
 * them together. This is not a logging library: nothing here makes text of its own.
 *
 * Permissions: none, except those of {@linkcode RotatingLog} for its file.
 *
 * @example
 * ```ts
 * import { OutputRecorder } from "@superorch/superorch/commands/output";
 *
 * const recorder = new OutputRecorder({ tailLimitBytes: 8 });
 * await recorder.consume(new Blob(["a long stream"]).stream());
 * console.log(recorder.tail.text()); // "g stream"
 * ```
 *
 * @module
 */

export type { OutputSink, OutputWriter } from "./sink.ts";
export { OutputRecorder, type OutputRecorderOptions } from "./output_recorder.ts";
export { TailBuffer } from "./tail_buffer.ts";
export { RotatingLog, type RotatingLogOptions } from "./rotating_log.ts";
export { SharedLog } from "./shared_log.ts";
export { ForwardSink } from "./forward_sink.ts";
export { LinePrefixer } from "./line_prefixer.ts";
export { LineSplitter, MAX_LINE_BYTES } from "./line_splitter.ts";
export { nextColour, wantsColour } from "./prefix_colours.ts";
export { REDACTED, Redactor } from "./redactor.ts";
