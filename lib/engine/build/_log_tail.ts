/** Keeps the end of a text of any length. */
export class LogTail {
  readonly #limit: number;
  #parts: string[] = [];
  #length = 0;

  constructor(limitCharacters: number) {
    this.#limit = limitCharacters;
  }

  add(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
    // Cut at twice the limit, so that a long text is not copied for every piece.
    if (this.#length > 2 * this.#limit) this.#cut();
  }

  toString(): string {
    this.#cut();
    return this.#parts[0] ?? "";
  }

  #cut(): void {
    let text = this.#parts.join("");
    if (text.length > this.#limit) {
      text = text.slice(text.length - this.#limit);
      // Half of a surrogate pair is no character.
      if (/^[\udc00-\udfff]/.test(text)) text = text.slice(1);
    }
    this.#parts = [text];
    this.#length = text.length;
  }
}
