/**
 * Builds a long string from short pieces. A plain `+=` would keep a tree node of 32 bytes for
 * each piece; here every few thousand are flattened.
 */
export class TextBuilder {
  readonly #chunks: string[] = [];
  #chunk = "";

  /** Adds a piece. */
  add(piece: string): void {
    this.#chunk += piece;
    if (this.#chunk.length < 8192) return;
    // Reading a character is what makes the engine flatten the string.
    this.#chunk.charCodeAt(0);
    this.#chunks.push(this.#chunk);
    this.#chunk = "";
  }

  /** The whole text. */
  toString(): string {
    return this.#chunks.length === 0 ? this.#chunk : this.#chunks.join("") + this.#chunk;
  }
}
