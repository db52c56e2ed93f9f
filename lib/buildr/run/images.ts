import { type EngineClient, ImageNotFoundError, type ProgressLine } from "../../engine/mod.ts";
import { StackedError } from "../../errors/mod.ts";
import type { PullPolicy } from "./options.ts";

/** The images of a run: each is looked for, and pulled, once. */
export class Images {
  readonly #engine: EngineClient;
  readonly #policy: PullPolicy;
  readonly #note: (message: string) => void;
  readonly #ids = new Map<string, Promise<string>>();
  readonly #found = new Set<string>();

  /**
   * Looks for nothing yet.
   *
   * @param engine The engine.
   * @param policy When they are pulled.
   * @param note Is told of each pull, once.
   */
  constructor(engine: EngineClient, policy: PullPolicy, note: (message: string) => void) {
    this.#engine = engine;
    this.#policy = policy;
    this.#note = note;
  }

  /**
   * Makes sure that an image is on the engine.
   *
   * @param reference With tag or digest.
   * @param signal Ends a pull.
   * @returns Its id.
   * @throws {StackedError} naming it, when it is not there and cannot be pulled.
   */
  async ensure(reference: string, signal: AbortSignal): Promise<string> {
    let id = this.#ids.get(reference);
    if (id === undefined) {
      id = this.#ensure(reference, signal);
      this.#ids.set(reference, id);
      id.catch(() => this.#ids.delete(reference)); // another attempt may have more luck
    }
    const found = await id;
    this.#found.add(reference);
    return found;
  }

  /** Whether an image has been found, or pulled, by this run. */
  isThere(reference: string): boolean {
    return this.#found.has(reference);
  }

  async #ensure(reference: string, signal: AbortSignal): Promise<string> {
    if (this.#policy !== "always") {
      try {
        return (await this.#engine.images.inspect(reference, { signal })).Id;
      } catch (error) {
        if (!(error instanceof ImageNotFoundError)) throw error;
        if (this.#policy === "never") {
          throw new StackedError(
            `Image "${reference}" is not on the engine, and nothing is pulled (--pull never)`,
            { location: false },
          );
        }
      }
    }
    try {
      this.#note(`pulling ${reference}`);
      let last: ProgressLine | undefined;
      await this.#engine.images.pull(reference, { signal, onProgress: (line) => last = line });
      if (last?.status !== undefined && /up to date/i.test(last.status)) {
        this.#note(`${reference} is up to date`);
      }
      return (await this.#engine.images.inspect(reference, { signal })).Id;
    } catch (cause) {
      signal.throwIfAborted();
      throw new StackedError(`Cannot pull image "${reference}"`, { cause, location: false });
    }
  }
}
