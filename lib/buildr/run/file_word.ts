/** Longest name of a file on the file systems of Linux and macOS, in bytes. */
const NAME_BYTES = 255;

/**
 * Encodes a text so that it can be the name of a file, or a part of one: it leads nowhere else, and
 * is that of no other text.
 *
 * `%`, `/`, `\` and NUL are percent-encoded, and the first dot where there are only dots.
 *
 * @param text For example the value of a row.
 * @param also Further characters to encode, for example those that stand between parts.
 */
export function encodeName(text: string, also = ""): string {
  const reserved = `%/\\\0${also}`;
  return [...text].map((one) => reserved.includes(one) ? percent(one) : one).join("")
    .replace(/^\.(?=\.*$)/, percent);
}

/**
 * Cuts a name that file systems would not take: it ends with `~` and a hash of all of it then.
 *
 * @param word The name, as `encodeName` makes it.
 * @param suffix What stands at its end in any case.
 */
export function fitName(word: string, suffix = ""): string {
  const encoder = new TextEncoder();
  const bytes = encoder.encode(word);
  if (bytes.length + suffix.length <= NAME_BYTES) return word + suffix;
  const end = `~${hashOf(bytes)}${suffix}`;
  // It stops in front of a character that does not fit.
  const { read } = encoder.encodeInto(word, new Uint8Array(NAME_BYTES - end.length));
  return word.slice(0, read) + end;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

// FNV-1a of 64 bits: this is no defence, only two long names with one beginning must not meet, and
// whoever asks for a name cannot wait for the hashes of the platform.
function hashOf(bytes: Uint8Array): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}
