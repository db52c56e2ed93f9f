/** Tokens that let write, kept as digests: comparing them takes the same time for every guess. */
export class Tokens {
  readonly #digests: readonly Uint8Array[];

  private constructor(digests: readonly Uint8Array[]) {
    this.#digests = digests;
  }

  /** @param tokens The texts; without any, nothing is asked for. */
  static async of(tokens: readonly string[]): Promise<Tokens> {
    return new Tokens(await Promise.all(tokens.map(digest)));
  }

  /** Whether a token is asked for. */
  get isRequired(): boolean {
    return this.#digests.length > 0;
  }

  /** Whether a text is one of them. */
  async has(token: string): Promise<boolean> {
    const given = await digest(token);
    let isKnown = false;
    // All of them, also after a match.
    for (const known of this.#digests) isKnown = isEqual(given, known) || isKnown;
    return isKnown;
  }
}

/**
 * Compares two texts in a time that tells nothing about where they differ.
 *
 * @param left One.
 * @param right The other one.
 */
export async function isSameText(left: string, right: string): Promise<boolean> {
  return isEqual(await digest(left), await digest(right));
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index++) {
    difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  }
  return difference === 0;
}

/** The token of a header `Authorization: Bearer TOKEN`. */
export function bearerToken(header: string | null): string | undefined {
  return /^Bearer +([\x21-\x7e]+)$/i.exec(header ?? "")?.[1];
}
