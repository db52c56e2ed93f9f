import { fromBytes, toBytes } from "../starlark/mod.ts";

/** Parts of a URL, which differ in what must be escaped. */
export type UrlPart = "path" | "segment" | "query" | "user" | "host" | "fragment";

const UNRESERVED = /^[A-Za-z0-9\-_.~]$/;
const ALLOWED: Readonly<Record<UrlPart, string>> = {
  path: "$&+,/:;=@",
  segment: "$&+:=@",
  query: "",
  user: "$&+,;=",
  host: "!$&'()*+,;=:[]<>\"",
  fragment: "$&+,/:;=?@!()*",
};

/** Percent-encodes as Go's `net/url`. */
export function escapeUrl(text: string, part: UrlPart): string {
  let out = "";
  for (const byte of toBytes(text)) {
    const char = String.fromCharCode(byte);
    if (UNRESERVED.test(char) || ALLOWED[part].includes(char)) out += char;
    else if (char === " " && part === "query") out += "+";
    else out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
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
