/**
 * The body of a message: JSON, then the bytes of all `Uint8Array`s in it, one after the other.
 *
 * JSON and not a binary format: every language reads it, and it can be looked at in a capture. The
 * bytes stay outside because Base64 makes 5 MiB a third larger and costs ten times the copying.
 * In the JSON, `{"$bytes":[offset,length]}` stands for bytes; own keys that start with `$` get a
 * second one on the way.
 */
export interface EncodedValue {
  readonly json: Uint8Array<ArrayBuffer>;
  readonly chunks: readonly Uint8Array[];
  /** Of all chunks together. */
  readonly binaryBytes: number;
}

const MARKER = "$bytes";
/** Deeper than any real message, and far from the end of the stack. */
const MAX_DEPTH = 500;

/** @throws {TypeError} when something would arrive as something else, or not at all. */
export function encodeValue(value: unknown): EncodedValue {
  const chunks: Uint8Array[] = [];
  let binaryBytes = 0;
  const walk = (current: unknown, path: string, depth: number): unknown => {
    if (depth > MAX_DEPTH) throw refusal(path, `is nested more than ${MAX_DEPTH} deep, or cyclic`);
    switch (typeof current) {
      case "string":
      case "boolean":
        return current;
      case "number":
        // JSON would turn these into null.
        if (!Number.isFinite(current)) throw refusal(path, `is ${current}`);
        return current;
      case "object":
        break;
      default:
        throw refusal(path, current === undefined ? "is undefined" : `is a ${typeof current}`);
    }
    if (current === null) return null;
    if (current instanceof Uint8Array) {
      const marker = { [MARKER]: [binaryBytes, current.length] };
      chunks.push(current);
      binaryBytes += current.length;
      return marker;
    }
    if (Array.isArray(current)) {
      return Array.from(current, (item, index) => walk(item, `${path}[${index}]`, depth + 1));
    }
    const prototype = Object.getPrototypeOf(current);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw refusal(path, `is a ${current.constructor?.name || "class instance"}`);
    }
    const copy: Record<string, unknown> = Object.create(null); // so that "__proto__" is a key
    for (const [key, item] of Object.entries(current)) {
      if (item === undefined) continue; // an optional member, as in JSON
      const name = key.startsWith("$") ? `$${key}` : key;
      copy[name] = walk(item, `${path}[${JSON.stringify(key)}]`, depth + 1);
    }
    return copy;
  };
  const plain = walk(value, "value", 0);
  return { json: new TextEncoder().encode(JSON.stringify(plain)), chunks, binaryBytes };
}

/** @throws {SyntaxError} when the bytes are not what {@linkcode encodeValue} makes. */
export function decodeValue(json: Uint8Array, binary: Uint8Array<ArrayBuffer>): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
  } catch {
    throw new SyntaxError("The body of a message is not UTF-8");
  }
  const plain: unknown = JSON.parse(text);
  if (!text.includes('"$')) return plain; // nothing to restore, which is the usual case
  const walk = (current: unknown, depth: number): unknown => {
    if (typeof current !== "object" || current === null) return current;
    if (depth > MAX_DEPTH + 1) throw new SyntaxError("The body of a message is nested too deep");
    if (Array.isArray(current)) {
      for (let index = 0; index < current.length; index++) {
        current[index] = walk(current[index], depth + 1);
      }
      return current;
    }
    const members = current as Record<string, unknown>;
    if (Object.hasOwn(members, MARKER)) return bytesAt(members[MARKER], binary);
    for (const [key, item] of Object.entries(members)) {
      const restored = walk(item, depth + 1);
      if (key.startsWith("$")) {
        delete members[key];
        members[key.slice(1)] = restored;
      } else {
        members[key] = restored;
      }
    }
    return members;
  };
  return walk(plain, 0);
}

function bytesAt(place: unknown, binary: Uint8Array<ArrayBuffer>): Uint8Array {
  const [offset, length] = Array.isArray(place) ? place : [];
  const fits = Number.isInteger(offset) && Number.isInteger(length) && offset >= 0 &&
    length >= 0 && offset + length <= binary.length;
  if (!fits) throw new SyntaxError("The body of a message points outside its bytes");
  return binary.subarray(offset, offset + length);
}

function refusal(path: string, what: string): TypeError {
  return new TypeError(
    `Cannot send ${path.slice(0, 200)}, which ${what}: a message is made of JSON and Uint8Array`,
  );
}
