import { HttpError } from "./http_error.ts";

/** Reads the parameters of an address, and collects what is wrong with them. */
export class Query {
  readonly #parameters: URLSearchParams;
  readonly #problems: string[] = [];

  /**
   * @param url The address.
   * @param known Names that mean something; another one is a mistake.
   */
  constructor(url: URL, known: readonly string[]) {
    this.#parameters = url.searchParams;
    for (const name of new Set(url.searchParams.keys())) {
      if (!known.includes(name)) {
        this.#problems.push(
          `The parameter ${JSON.stringify(name.slice(0, 60))} is not known; known are ` +
            (known.length === 0 ? "none" : known.join(", ")),
        );
      }
    }
  }

  /** A text; `undefined` when it is not there or empty. */
  text(name: string): string | undefined {
    return this.#parameters.get(name) || undefined;
  }

  /** A whole number; `undefined` when it is not there or empty. */
  integer(name: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    this.#problems.push(
      `The parameter "${name}" is ${JSON.stringify(text.slice(0, 60))}, not a whole number ` +
        `from ${min} to ${max}`,
    );
    return undefined;
  }

  /** Words, separated by commas or given several times. */
  words<T extends string>(
    name: string,
    isKnown: (text: string) => text is T,
  ): readonly T[] | undefined {
    const words = this.#parameters.getAll(name).flatMap((text) => text.split(","))
      .filter((text) => text !== "");
    const unknown = words.filter((word) => !isKnown(word));
    if (unknown.length > 0) {
      this.#problems.push(
        `The parameter "${name}" has ${
          JSON.stringify(unknown[0]!.slice(0, 60))
        }, which is not known`,
      );
    }
    return words.length === 0 ? undefined : words.filter(isKnown);
  }

  /** @throws {HttpError} 400 with all that was wrong. */
  done(): void {
    if (this.#problems.length > 0) throw new HttpError(400, this.#problems);
  }
}
