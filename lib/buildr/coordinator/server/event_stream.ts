import { isFinal } from "../../queue/events.ts";
import type { Coordinator } from "../coordinator.ts";
import { eventView } from "./views.ts";

/** How often a silent stream says that it is there; also how a client that is gone is noticed. */
const ALIVE_MS = 15_000;
/** Events of one write: the most that a slow client costs. */
const BATCH = 200;
/** How much is collected before pages are told that something has changed. */
const CHANGE_MS = 200;

const encoder = new TextEncoder();

/** What a stream tells. */
export interface EventStreamOptions {
  /** Who knows. */
  readonly coordinator: Coordinator;
  /** Events with a larger number. */
  readonly after: number;
  /** Of this build only; then it ends after the result. */
  readonly build?: string;
  /** Of these kinds only. */
  readonly types?: readonly string[];
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Events as server-sent events: `id` is the number to go on from, `data` the event as JSON. The
 * stream of one build ends with an event `end`.
 *
 * What is told comes from the ledger when the client has room for it, so a slow one costs no more
 * than a fast one, and nothing is missed.
 */
export function eventStream(options: EventStreamOptions): ReadableStream<Uint8Array> {
  const { coordinator: { ledger }, build, types } = options;
  let { after } = options;
  return pushed(options, () => {
    const isOver = build !== undefined && isFinal(ledger.get(build)?.status ?? "error");
    const newest = ledger.lastEventId();
    const events = ledger.events({
      after,
      limit: BATCH,
      ...(build === undefined ? {} : { build }),
      ...(types === undefined ? {} : { types }),
    });
    if (events.length > 0) {
      after = events.at(-1)!.id;
      return events.map((event) => `id: ${event.id}\ndata: ${JSON.stringify(eventView(event))}\n\n`)
        .join("");
    }
    // So that what was not wanted is not looked at again.
    after = Math.max(after, newest);
    return isOver ? "end" : undefined;
  });
}

/** Tells that something has changed, at most a few times a second: `event: change`. */
export function changeStream(
  options: Pick<EventStreamOptions, "coordinator" | "signal">,
): ReadableStream<Uint8Array> {
  let isFirst = true;
  return pushed(options, (hasChanged) => {
    if (!isFirst && !hasChanged) return undefined;
    isFirst = false;
    return `event: change\ndata: ${JSON.stringify(options.coordinator.ledger.counts())}\n\n`;
  }, CHANGE_MS);
}

/**
 * A stream that asks for more whenever the client has room and something has changed.
 *
 * @param options Who knows about changes, and what ends it.
 * @param next Gives text, `undefined` when there is none now, or `end`.
 * @param restMs How long it rests after each text.
 */
function pushed(
  { coordinator, signal }: Pick<EventStreamOptions, "coordinator" | "signal">,
  next: (hasChanged: boolean) => string | undefined,
  restMs = 0,
): ReadableStream<Uint8Array> {
  let wake = () => {};
  let hasChanged = false;
  let isClosed = false;
  const onChange = () => {
    hasChanged = true;
    wake();
  };
  const unsubscribe = coordinator.onChange(onChange);
  const close = () => {
    isClosed = true;
    unsubscribe();
    signal.removeEventListener("abort", onAbort);
    wake();
  };
  const onAbort = () => close();
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) close();
  const wait = async (ms: number) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
  };
  let restUntil = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const aliveAt = performance.now() + ALIVE_MS;
      while (!isClosed) {
        const rest = restUntil - performance.now();
        if (rest > 0) {
          await wait(rest);
          continue;
        }
        const text = next(hasChanged);
        hasChanged = false;
        if (text === "end") {
          controller.enqueue(encoder.encode("event: end\ndata: {}\n\n"));
          break;
        }
        if (text !== undefined) {
          restUntil = performance.now() + restMs;
          return controller.enqueue(encoder.encode(text));
        }
        const left = aliveAt - performance.now();
        if (left <= 0) return controller.enqueue(encoder.encode(": alive\n\n"));
        if (!hasChanged) await wait(left);
      }
      close();
      controller.close();
    },
    cancel: close,
  }, { highWaterMark: 0 });
}
