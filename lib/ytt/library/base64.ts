import { fromBytes, type Kwargs, toBytes, type Value } from "../starlark/mod.ts";
import { asString, boolArgument, members, onlyArgument } from "./_builtin.ts";
import type { LibraryHooks } from "./hooks.ts";

const STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE = STANDARD.replace("+/", "-_");

interface Encoding {
  readonly alphabet: string;
  readonly padded: boolean;
  readonly strict: boolean;
}

/** `@ytt:base64`. */
export function base64Module(hooks: LibraryHooks): ReadonlyMap<string, Value> {
  const encoding = (kwargs: Kwargs): Encoding => ({
    alphabet: boolArgument(kwargs, "url", false, hooks) ? URL_SAFE : STANDARD,
    padded: !boolArgument(kwargs, "raw", false, hooks),
    strict: boolArgument(kwargs, "strict", false, hooks),
  });
  return members("base64", {
    encode: (_thread, args, kwargs) =>
      encode(toBytes(asString(onlyArgument(args), hooks)), encoding(kwargs)),
    decode: (_thread, args, kwargs) =>
      fromBytes(decode(asString(onlyArgument(args), hooks), encoding(kwargs))),
  });
}

/** Bytes that are encoded at a time: whole groups of three, few enough to be arguments of a call. */
const CHUNK = 3 * 4096;

function encode(bytes: Uint8Array, { alphabet, padded }: Encoding): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += CHUNK) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(i, i + CHUNK))));
  }
  let text = parts.join("");
  if (alphabet === URL_SAFE) text = text.replaceAll("+", "-").replaceAll("/", "_");
  return padded ? text : text.replace(/=+$/, "");
}

function illegal(at: number): Error {
  return new Error(`illegal base64 data at input byte ${at}`);
}

/** Decodes as Go does: line ends are skipped, and errors name the byte. */
function decode(text: string, { alphabet, padded, strict }: Encoding): Uint8Array {
  const out: number[] = [];
  let group: number[] = [];
  let at = 0;
  const skip = (): void => {
    while (text[at] === "\n" || text[at] === "\r") at++;
  };
  for (;;) {
    skip();
    if (at >= text.length) {
      if (group.length === 0) return Uint8Array.from(out);
      if (group.length === 1 || padded) throw illegal(at - group.length);
      finish(out, group, strict, at);
      return Uint8Array.from(out);
    }
    const char = text[at]!;
    const value = alphabet.indexOf(char);
    if (value >= 0) {
      at++;
      group.push(value);
      if (group.length === 4) {
        finish(out, group, strict, at);
        group = [];
      }
      continue;
    }
    if (char !== "=" || !padded || group.length < 2) throw illegal(at);
    at++;
    if (group.length === 2) {
      skip();
      if (text[at] !== "=") throw illegal(at >= text.length ? text.length : at - 1);
      at++;
    }
    skip();
    if (at < text.length) throw illegal(at);
    finish(out, group, strict, at);
    return Uint8Array.from(out);
  }
}

function finish(out: number[], group: readonly number[], strict: boolean, at: number): void {
  const [a = 0, b = 0, c = 0, d = 0] = group;
  const bits = a << 18 | b << 12 | c << 6 | d;
  const size = group.length - 1;
  if (strict && (bits & (0xffffff >> (8 * size))) !== 0) throw illegal(at - (4 - group.length));
  for (let i = 0; i < size; i++) out.push(bits >> (16 - 8 * i) & 255);
}
