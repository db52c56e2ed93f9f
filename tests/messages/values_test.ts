import assert from "node:assert/strict";
import { StackedError } from "../../lib/errors/mod.ts";
import { getSeparatedVal, messageType, randomName, typeHash } from "../../lib/messages/mod.ts";
import { decodeValue, encodeValue } from "../../lib/messages/_value_codec.ts";
import { concatBytes } from "../../lib/messages/_byte_stream.ts";

function roundTrip(value: unknown): unknown {
  const { json, chunks, binaryBytes } = encodeValue(value);
  const binary = concatBytes(...chunks);
  assert.equal(binary.length, binaryBytes);
  return decodeValue(json, binary);
}

Deno.test("values arrive as they were sent", () => {
  const bytes = new Uint8Array([0, 255, 1]);
  const values = [
    null,
    true,
    0,
    -1.5,
    Number.MAX_SAFE_INTEGER,
    "",
    "é\u0000\u{1F600}\ufeff",
    [],
    {},
    [[1], { a: [null] }],
    bytes,
    new Uint8Array(),
    { b: bytes, "1": new Uint8Array([9]), nested: [{ bytes }, "x"] },
    { $bytes: [0, 3] },
    { $bytes: bytes, $$bytes: { $: 1, $$: [{ $x: null }] } },
    { "a$": 1, text: '{"$bytes":[0,1]}' },
  ];
  for (const value of values) assert.deepEqual(roundTrip(value), value);
});

Deno.test("a key such as __proto__ stays a key, and changes no prototype", () => {
  const value = JSON.parse('{"__proto__": {"polluted": true}, "$x": 1}');
  const result = roundTrip(value) as Record<string, unknown>;
  assert.ok(Object.hasOwn(result, "__proto__"));
  assert.equal(Object.getPrototypeOf(result), Object.prototype);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("optional members are left out, as in JSON", () => {
  assert.deepEqual(roundTrip({ a: 1, b: undefined }), { a: 1 });
  assert.deepEqual(roundTrip(Object.assign(Object.create(null), { a: 1 })), { a: 1 });
});

Deno.test("what would arrive as something else is refused with its place", () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const table: [unknown, RegExp][] = [
    [undefined, /value, which is undefined/],
    [[undefined], /value\[0\], which is undefined/],
    [{ a: { b: NaN } }, /value\["a"\]\["b"\], which is NaN/],
    [-Infinity, /is -Infinity/],
    [1n, /is a bigint/],
    [() => 1, /is a function/],
    [Symbol("x"), /is a symbol/],
    [new Date(), /is a Date/],
    [new Map(), /is a Map/],
    [new (class Point {})(), /is a Point/],
    [new Uint16Array(1), /is a Uint16Array/],
    [new ArrayBuffer(1), /is a ArrayBuffer/],
    [new Error("x"), /is a Error/],
    [cyclic, /nested more than 500 deep, or cyclic/],
  ];
  for (const [value, message] of table) {
    assert.throws(() => encodeValue(value), (error) => {
      return error instanceof TypeError && message.test(error.message) &&
        error.message.length < 400;
    });
  }
});

Deno.test("a body that no sender makes is refused", () => {
  const places = ["[0,4]", "[-1,1]", "[0,1.5]", "[4,0]", "7", "null", '["0",1]', "[]"];
  for (const place of places) {
    const json = new TextEncoder().encode(`{"a":{"$bytes":${place}}}`);
    assert.throws(() => decodeValue(json, new Uint8Array(3)), SyntaxError, place);
  }
  assert.throws(() => decodeValue(new Uint8Array([0xff]), new Uint8Array()), SyntaxError);
  const deep = new TextEncoder().encode("[".repeat(2_000) + '{"$a":1}' + "]".repeat(2_000));
  assert.throws(() => decodeValue(deep, new Uint8Array()), SyntaxError);
});

Deno.test("typeHash() is the start of the SHA-256 of the name", async () => {
  // printf progress | sha256sum
  const expected = await new Deno.Command("sh", {
    args: ["-c", "printf progress | sha256sum"],
  }).output();
  const sum = new TextDecoder().decode(expected.stdout).slice(0, 32);
  assert.equal((await typeHash("progress")).toHex(), sum);
});

Deno.test("messageType() refuses names that are empty or too long", () => {
  for (const name of ["", "é".repeat(128)]) assert.throws(() => messageType(name), RangeError);
  assert.equal(messageType("é".repeat(127)).name.length, 127);
});

Deno.test("randomName() is the prefix, a dash and 6 hexadecimal digits", () => {
  const names = new Set(Array.from({ length: 100 }, () => randomName("x")));
  for (const name of names) assert.match(name, /^x-[0-9a-f]{6}$/);
  assert.ok(names.size > 90);
});

Deno.test("getSeparatedVal() picks the first entry with key and what follows it", () => {
  const input = "name : a\n  address  :  0x2b  \naddress: other\naddresses: 1\n";
  assert.equal(getSeparatedVal(input, "\n", "address", ":"), "0x2b");
  assert.equal(getSeparatedVal(input, "\n", "name", ":"), "a");
  assert.equal(getSeparatedVal("a=1;b=2", ";", "b", "="), "2");
  assert.equal(getSeparatedVal("addressX:1,address:2", ",", "address", ":"), "2");
  assert.equal(getSeparatedVal("key:", ",", "key", ":"), "");
  assert.throws(() => getSeparatedVal(input, "\n", "none", ":"), (error: Error) => {
    return error instanceof StackedError && /key "none" not found/.test(error.message);
  });
  assert.throws(() => getSeparatedVal(input, "\n", "name", "="), /not found/);
  assert.throws(() => getSeparatedVal(input, "", "name", ":"), TypeError);
});
