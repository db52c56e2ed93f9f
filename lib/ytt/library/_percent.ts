import { fromBytes, toBytes } from "../starlark/mod.ts";

/** Parts of a URL, which differ in what must be escaped. */
export type UrlPart = "path" | "segment" | "query" | "user" | "host" | "fragment";

/** Runs of characters that must be escaped. */
const ESCAPED: Readonly<Record<UrlPart, RegExp>> = {
  path: /[^A-Za-z0-9\-_.~$&+,/:;=@]+/g,
  segment: /[^A-Za-z0-9\-_.~$&+:=@]+/g,
  query: /[^A-Za-z0-9\-_.~]+/g,
  user: /[^A-Za-z0-9\-_.~$&+,;=]+/g,
  host: /[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]+/g,
  fragment: /[^A-Za-z0-9\-_.~$&+,/:;=?@!()*]+/g,
};

/** Percent-encodes as Go's `net/url`. */
export function escapeUrl(text: string, part: UrlPart): string {
  return text.replace(ESCAPED[part], (run) => {
    let out = "";
    for (const byte of toBytes(run)) {
      out += byte === 0x20 && part === "query"
        ? "+"
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    }
    return out;
  });
}

/**
 * Percent-decodes as Go's `net/url`.
 *
 * @throws {Error} `invalid URL escape "%zz"`
 */
export function unescapeUrl(text: string, part: UrlPart): string {
  const bytes = toBytes(text);
  const out: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === 0x25) {
      const digits = fromBytes(bytes.subarray(i + 1, i + 3));
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) {
        throw new Error(`invalid URL escape ${JSON.stringify(`%${digits}`)}`);
      }
      out.push(Number.parseInt(digits, 16));
      i += 2;
    } else out.push(byte === 0x2b && part === "query" ? 0x20 : byte);
  }
  return fromBytes(Uint8Array.from(out));
}
