// RFC 7541, appendix B. The code is canonical: codes of one length follow each other in the order
// of their symbols, so the lengths say all. One base-36 digit for each of the 256 bytes and the end.
const LENGTHS = "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca" +
  "d67777777777777777777777878djde6f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq" +
  "u";

const END_OF_STRING = 256;

interface Code {
  /** By length in bits: the first code of that length. */
  readonly first: Int32Array;
  /** By length in bits: how many codes of that length there are. */
  readonly count: Int32Array;
  /** By length in bits: where their symbols start. */
  readonly start: Int32Array;
  /** The symbols, shortest code first. */
  readonly symbols: Uint16Array;
}

let code: Code | undefined;

function buildCode(): Code {
  const lengths = [...LENGTHS].map((digit) => Number.parseInt(digit, 36));
  const count = new Int32Array(32);
  for (const length of lengths) count[length] = (count[length] ?? 0) + 1;
  const first = new Int32Array(32);
  const start = new Int32Array(32);
  for (let length = 1; length < 32; length++) {
    first[length] = ((first[length - 1] ?? 0) + (count[length - 1] ?? 0)) << 1;
    start[length] = (start[length - 1] ?? 0) + (count[length - 1] ?? 0);
  }
  const symbols = new Uint16Array(lengths.length);
  const next = start.slice();
  lengths.forEach((length, symbol) => {
    const at = next[length] ?? 0;
    symbols[at] = symbol;
    next[length] = at + 1;
  });
  return { first, count, start, symbols };
}

/**
 * Decodes a Huffman-coded string, bit by bit: a session has a handful of them.
 *
 * @param bytes The coded bytes.
 * @returns The string's bytes, or `undefined` when they are no valid code.
 */
export function decodeHuffman(bytes: Uint8Array): Uint8Array | undefined {
  code ??= buildCode();
  const { first, count, start, symbols } = code;
  // The shortest code has five bits.
  const out = new Uint8Array(Math.ceil(bytes.length * 8 / 5));
  let size = 0;
  let value = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      value = (value << 1) | ((byte >> bit) & 1);
      length++;
      if (length > 30) return undefined;
      const index = value - (first[length] ?? 0);
      if (index < 0 || index >= (count[length] ?? 0)) continue;
      const symbol = symbols[(start[length] ?? 0) + index] ?? END_OF_STRING;
      if (symbol === END_OF_STRING) return undefined;
      out[size++] = symbol;
      value = 0;
      length = 0;
    }
  }
  // What is left pads the last byte: fewer than eight bits, all ones (RFC 7541, section 5.2).
  if (length > 7 || value !== (1 << length) - 1) return undefined;
  return out.subarray(0, size);
}
