/**
 * Reads a stream of JSON values, one a line, as the engine sends events and progress.
 *
 * `return()` ends the stream at once, also while a line is waited for, so a loop that is over
 * elsewhere can be ended from outside.
 *
 * @param body The stream; it is cancelled when the reader stops early.
 * @returns Each value. Nothing checks its shape.
 * @throws {SyntaxError} when a line is not JSON.
 */
export function jsonLines<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<T, void, void> {
  const reader = body.getReader();
  // One decoder for the stream: a character may be cut between two chunks.
  const decoder = new TextDecoder();
  let lines: string[] = [];
  let at = 0;
  // A long line arrives in many chunks; joining them once keeps that linear.
  let rest: string[] = [];
  let ended = false;

  const refill = (chunk: Uint8Array | undefined) => {
    const text = chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    if (!text.includes("\n") && chunk !== undefined) {
      rest.push(text);
      return;
    }
    lines = (rest.join("") + text).split("\n");
    at = 0;
    rest = chunk === undefined ? [] : [lines.pop() ?? ""];
  };

  const next = async (): Promise<IteratorResult<T, void>> => {
    while (true) {
      while (at < lines.length) {
        const line = lines[at++]!;
        if (line.trim() === "") continue;
        try {
          return { done: false, value: JSON.parse(line) as T };
        } catch (error) {
          await finish();
          throw error;
        }
      }
      if (ended) return { done: true, value: undefined };
      const { done, value } = await reader.read();
      if (done) ended = true;
      refill(value);
    }
  };

  const finish = async () => {
    ended = true;
    lines = [];
    rest = [];
    // What broke has been reported by read() already.
    await reader.cancel().catch(() => {});
  };

  // Calls may overlap; each waits for the one before it, as with a generator function.
  let queue: Promise<unknown> = Promise.resolve();
  return {
    next: () => {
      const result = queue.then(next, next);
      queue = result;
      return result;
    },
    return: async () => {
      await finish();
      return { done: true, value: undefined };
    },
    throw: async (error) => {
      await finish();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: finish,
  };
}
