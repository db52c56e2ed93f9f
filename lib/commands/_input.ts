import type { CommandInput } from "./run_options.ts";

/** Input on its way into a program. */
export interface InputFeed {
  /** Settles when all is written or nobody reads any more; gives what reading the input threw. */
  readonly done: Promise<{ readonly failure?: unknown }>;
  /** Gives up: the program has ended. */
  stop(): void;
}

/**
 * Writes input to a program and closes its standard input.
 *
 * @param stdin The program's standard input.
 * @param input What it gets.
 */
export function feedInput(stdin: WritableStream<Uint8Array>, input: CommandInput): InputFeed {
  const writer = stdin.getWriter();
  writer.closed.catch(() => {}); // every write tells the same
  const reader = input instanceof ReadableStream ? input.getReader() : undefined;
  let stopped = false;

  // `false`: the program reads no more. That is its good right (`head -1`), and its exit code
  // says whether it minds; the broken pipe is none of the caller's business.
  const put = async (bytes: Uint8Array): Promise<boolean> => {
    try {
      if (!stopped) await writer.write(bytes);
      return !stopped;
    } catch {
      return false;
    }
  };
  const run = async (): Promise<{ readonly failure?: unknown }> => {
    try {
      if (reader === undefined) {
        await put(
          typeof input === "string" ? new TextEncoder().encode(input) : input as Uint8Array,
        );
        return {};
      }
      for (;;) {
        const { done, value } = await reader.read();
        if (done || !await put(value)) return {};
      }
    } catch (failure) {
      return stopped ? {} : { failure };
    }
  };
  const finish = async () => {
    const outcome = await run();
    // Not closed after a failure: the program would take the part that came for the whole.
    if (outcome.failure === undefined) await writer.close().catch(() => {});
    await reader?.cancel().catch(() => {});
    return outcome;
  };
  return {
    done: finish(),
    stop() {
      stopped = true;
      reader?.cancel().catch(() => {});
      writer.abort().catch(() => {});
    },
  };
}
