// Part of the package for npm. It stands for Deno where that is not: whoever reaches for it is told
// what is missing. What Node 20 and 22 lack of the language's own functions is added as the
// standard has it, for the parts that need no Deno.

class DenoNeededError extends Error {
  name = "DenoNeededError";
  constructor(name) {
    super(
      `Cannot use ${name}: this part of @superorch/superorch needs Deno (https://deno.com); ` +
        "run the program with: deno run -A",
    );
  }
}

export const Deno = globalThis.Deno ?? new Proxy({}, {
  get(_target, name) {
    if (typeof name === "symbol") return undefined;
    throw new DenoNeededError(`Deno.${name}`);
  },
});

const needed = (name) =>
  globalThis[name] ?? class {
    constructor() {
      throw new DenoNeededError(name);
    }
  };
export const DisposableStack = needed("DisposableStack");
export const AsyncDisposableStack = needed("AsyncDisposableStack");

const add = (target, name, value) => {
  if (name in target) return;
  Object.defineProperty(target, name, { value, writable: true, configurable: true });
};

add(Promise, "withResolvers", function () {
  let resolve, reject;
  const promise = new this((one, other) => [resolve, reject] = [one, other]);
  return { promise, resolve, reject };
});

add(Map, "groupBy", (items, keyOf) => {
  const groups = new Map();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    if (groups.has(key)) groups.get(key).push(item);
    else groups.set(key, [item]);
  }
  return groups;
});

add(RegExp, "escape", (text) => {
  const hex = (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return text.replace(
    /^[0-9a-zA-Z]|[\^$\\.*+?()[\]{}|/]|[\s,\-=<>#&!%:;@~'`"]/g,
    (one) => /[\^$\\.*+?()[\]{}|/]/.test(one) ? `\\${one}` : one < "\xff" ? hex(one) : one,
  );
});

add(Uint8Array.prototype, "toHex", function () {
  return Array.from(this, (byte) => byte.toString(16).padStart(2, "0")).join("");
});

add(Uint8Array.prototype, "toBase64", function (options) {
  const text = btoa(Array.from(this, (byte) => String.fromCharCode(byte)).join(""));
  const isUrl = options?.alphabet === "base64url";
  const spelled = isUrl ? text.replaceAll("+", "-").replaceAll("/", "_") : text;
  return options?.omitPadding ? spelled.replace(/=+$/, "") : spelled;
});

add(
  Uint8Array,
  "fromHex",
  (text) => Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16)),
);

add(
  Uint8Array,
  "fromBase64",
  (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0)),
);
