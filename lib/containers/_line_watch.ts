import { LineSplitter, type OutputSink } from "../commands/output/mod.ts";

/** Who watches the lines of an output. */
interface Watcher {
  readonly splitter: LineSplitter;
  readonly onLine: (line: string) => void;
}

/**
 * A sink that hands every line to whoever watches, as it is completed. Unlike an iteration it needs
 * no reader that waits, so a watch ends at once, and it costs nothing while nobody watches.
 */
export class LineWatch implements OutputSink {
  readonly #watchers = new Set<Watcher>();
  #ended = false;

  /** Takes a chunk. */
  write(chunk: Uint8Array): void {
    for (const { splitter, onLine } of [...this.#watchers]) splitter.push(chunk).forEach(onLine);
  }

  /** Takes the end of the stream; a last line without an end counts. */
  end(): void {
    this.#ended = true;
    for (const { splitter, onLine } of [...this.#watchers]) splitter.flush().forEach(onLine);
    this.#watchers.clear();
  }

  /**
   * Begins to watch.
   *
   * @param before What was written before; its lines come first, before this returns.
   * @param onLine Takes each line without its end.
   * @returns Dispose of it to end the watch.
   */
  watch(before: Uint8Array, onLine: (line: string) => void): Disposable {
    const watcher: Watcher = { splitter: new LineSplitter(), onLine };
    this.#watchers.add(watcher);
    watcher.splitter.push(before).forEach(onLine);
    if (this.#ended) watcher.splitter.flush().forEach(onLine);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }
}
