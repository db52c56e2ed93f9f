import { isFinal } from "../../queue/events.ts";
import type { Ledger } from "../ledger.ts";
import { type LogLine, LogLines } from "./log_lines.ts";

/** Which lines of a log. */
export interface LogRange {
  /** Id of the build. */
  readonly build: string;
  /** Which attempt; default the one that counts. */
  readonly attempt?: number;
  /** Only of this stage. */
  readonly stage?: string;
  /** First number. */
  readonly from?: number;
  /** Last number. */
  readonly to?: number;
  /** Only so many, the last ones. */
  readonly tail?: number;
}

const BATCH = 500;

/** Lines of a log, a part at a time. The numbers are those of the whole log, whatever is left out. */
export function* logLines(ledger: Ledger, range: LogRange): Iterable<readonly LogLine[]> {
  const build = ledger.get(range.build);
  if (build === undefined) return;
  const { from = 1, to = Infinity, stage, tail } = range;
  const isWanted = (line: LogLine) =>
    line.n >= from && line.n <= to && (stage === undefined || line.stage === stage);
  const lines = new LogLines();
  let last: LogLine[] = [];
  let after = 0;
  for (;;) {
    const events = ledger.events({
      build: range.build,
      attempt: range.attempt ?? build.attempt,
      types: ["log"],
      after,
      limit: BATCH,
    });
    const isEnd = events.length < BATCH;
    const all = events.flatMap((event) => lines.add(event.stage ?? "", event.data ?? ""));
    if (isEnd) all.push(...(isFinal(build.status) ? lines.flush() : lines.open()));
    const wanted = all.filter(isWanted);
    if (tail === undefined) yield wanted;
    else last = [...last, ...wanted].slice(-tail);
    if (isEnd || (all.at(-1)?.n ?? 0) > to) break;
    after = events.at(-1)!.id;
  }
  if (tail !== undefined && tail > 0) yield last;
}

/** The same as bytes that are made when they are wanted: text, or a JSON document for each line. */
export function logStream(
  ledger: Ledger,
  range: LogRange,
  format: "text" | "ndjson",
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const parts = logLines(ledger, range)[Symbol.iterator]();
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      for (;;) {
        const { done, value } = parts.next();
        if (done) return controller.close();
        if (value.length === 0) continue;
        const text = value.map((line) => format === "text" ? line.text : JSON.stringify(line));
        return controller.enqueue(encoder.encode(`${text.join("\n")}\n`));
      }
    },
  }, { highWaterMark: 0 });
}
