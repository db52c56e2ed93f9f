import { maskedForms } from "./_masked_forms.ts";

/** What stands where a secret value stood. */
export const MASK = "***";

/** One state of the automaton: how much of which values the last bytes are. */
interface State {
  /** States after one more byte. */
  readonly next: Map<number, State>;
  /** State of the longest proper end of these bytes that begins a value too. */
  fail: State;
  /** How many bytes these are. */
  readonly depth: number;
  /** Length of the longest value that ends here; 0 for none. */
  matched: number;
}

/**
 * Replaces secret values in a stream of bytes by `***`, however the stream is cut into chunks.
 *
 * Found are the values, their lines of eight characters or more, and both in base64 (at any of its
 * three alignments), URL-encoded and with the escapes of JSON. Where such texts overlap, all of
 * them are hidden, as one. Only the longest end of what was pushed that could still become a value
 * is held back, so a person sees a prompt or a progress bar at once.
 *
 * One masker is for one stream. It is an Aho-Corasick automaton: the time does not depend on the
 * number of values (the redactor of `commands/output`, made for the one or two secrets of a
 * command, tries each of them at each byte; the forms of one value are up to twenty).
 *
 * @example
 * ```ts
 * import { Masker } from "@superorch/superorch/buildr";
 *
 * const masker = new Masker(["hunter2-hunter2"]);
 * const bytes = (text: string) => new TextEncoder().encode(text);
 * const parts = [masker.push(bytes("login hunter2-")), masker.push(bytes("hunter2 ok\n")), masker.flush()];
 * console.log(parts.map((part) => new TextDecoder().decode(part)).join("")); // "login *** ok\n"
 * ```
 */
export class Masker {
  #root: State | undefined;
  #state: State | undefined;
  /** Bytes that are not written yet. */
  #held: Uint8Array = new Uint8Array(0);
  /** Which of them belong to a value: offsets of starts and ends, in order, without overlaps. */
  #hidden: { start: number; end: number }[] = [];
  /** Whether the last byte that was written belonged to a value. */
  #inMask = false;
  readonly #mask = new TextEncoder().encode(MASK);

  /**
   * Makes a masker.
   *
   * @param values The values; empty ones are left out.
   */
  constructor(values: Iterable<string>) {
    const encoder = new TextEncoder();
    const forms = maskedForms(values).map((form) => encoder.encode(form));
    this.#root = forms.length === 0 ? undefined : automaton(forms);
    this.#state = this.#root;
  }

  /** Whether there is nothing to hide. */
  get isEmpty(): boolean {
    return this.#root === undefined;
  }

  /**
   * Takes the next bytes.
   *
   * @param chunk The bytes; they may be changed afterwards.
   * @returns What can be shown now; may be empty.
   */
  push(chunk: Uint8Array): Uint8Array {
    const root = this.#root;
    if (root === undefined) return chunk;
    const before = this.#held.length;
    const bytes = new Uint8Array(before + chunk.length);
    bytes.set(this.#held);
    bytes.set(chunk, before);
    let state = this.#state!;
    for (let at = before; at < bytes.length; at++) {
      const byte = bytes[at]!;
      let next = state.next.get(byte);
      while (next === undefined && state !== root) {
        state = state.fail;
        next = state.next.get(byte);
      }
      state = next ?? root;
      if (state.matched > 0) this.#hide(at + 1 - state.matched, at + 1);
    }
    this.#state = state;
    return this.#emit(bytes, bytes.length - state.depth);
  }

  /**
   * Ends the stream, or a part of it after which no value can go on.
   *
   * @returns What was held back.
   */
  flush(): Uint8Array {
    const rest = this.#emit(this.#held, this.#held.length);
    this.#state = this.#root;
    this.#inMask = false;
    return rest;
  }

  /**
   * Masks a whole text, for messages and reports.
   *
   * @param text The text.
   */
  text(text: string): string {
    const root = this.#root;
    if (root === undefined) return text;
    const other = new Masker([]);
    other.#root = root;
    other.#state = root;
    const parts = [other.push(new TextEncoder().encode(text)), other.flush()];
    const decoder = new TextDecoder();
    return parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
  }

  #hide(start: number, end: number): void {
    const hidden = this.#hidden;
    let from = Math.max(0, start);
    for (let last = hidden.at(-1); last !== undefined && last.end >= from; last = hidden.at(-1)) {
      from = Math.min(from, last.start);
      hidden.pop();
    }
    hidden.push({ start: from, end });
  }

  /** Gives the first bytes away, with values hidden, and keeps the rest. */
  #emit(bytes: Uint8Array, count: number): Uint8Array {
    const pieces: Uint8Array[] = [];
    const rest: { start: number; end: number }[] = [];
    let at = 0;
    for (const { start, end } of this.#hidden) {
      if (start >= count) {
        rest.push({ start: start - count, end: end - count });
        continue;
      }
      if (start > at) {
        pieces.push(bytes.subarray(at, start));
        this.#inMask = false;
      }
      if (!this.#inMask) pieces.push(this.#mask);
      this.#inMask = true;
      at = Math.min(end, count);
      if (end > count) rest.push({ start: 0, end: end - count });
    }
    if (at < count) {
      pieces.push(bytes.subarray(at, count));
      this.#inMask = false;
    }
    this.#hidden = rest;
    this.#held = bytes.slice(count);
    const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const result = new Uint8Array(total);
    let offset = 0;
    for (const piece of pieces) {
      result.set(piece, offset);
      offset += piece.length;
    }
    return result;
  }
}

function automaton(forms: readonly Uint8Array[]): State {
  const root = { next: new Map(), depth: 0, matched: 0 } as unknown as State;
  root.fail = root;
  for (const form of forms) {
    let state = root;
    for (const byte of form) {
      let next = state.next.get(byte);
      if (next === undefined) {
        next = { next: new Map(), fail: root, depth: state.depth + 1, matched: 0 };
        state.next.set(byte, next);
      }
      state = next;
    }
    state.matched = form.length;
  }
  const queue = [...root.next.values()];
  for (let at = 0; at < queue.length; at++) {
    const state = queue[at]!;
    for (const [byte, next] of state.next) {
      let fail = state.fail;
      while (fail !== root && !fail.next.has(byte)) fail = fail.fail;
      const target = fail.next.get(byte);
      next.fail = target === undefined || target === next ? root : target;
      next.matched = Math.max(next.matched, next.fail.matched);
      queue.push(next);
    }
  }
  return root;
}
