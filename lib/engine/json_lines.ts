/**
 * Reads a stream of JSON values, one a line, as the engine sends events and progress.
 *
 * @param body The stream; it is cancelled when the reader stops early.
 * @yields {T} Each value. Nothing checks its shape.
 * @throws {SyntaxError} when a line is not JSON.
 */
export async function* jsonLines<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  // One decoder for the stream: a character may be cut between two chunks.
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.trim() !== "") yield JSON.parse(line) as T;
    }
  }
  rest += decoder.decode();
  if (rest.trim() !== "") yield JSON.parse(rest) as T;
}
