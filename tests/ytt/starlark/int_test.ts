/** Integers are numbers or bigints; nobody may notice where one becomes the other. */
import assert from "node:assert/strict";
import {
  binary,
  compare,
  equals,
  repr,
  Thread,
  toInt,
  type Value,
} from "../../../lib/ytt/starlark/mod.ts";

const edges = [
  0n,
  1n,
  2n,
  3n,
  7n,
  10n,
  255n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n,
  2n ** 100n,
];
const values = [...new Set(edges.flatMap((n) => [n - 1n, n, n + 1n, -n, -n - 1n, 1n - n]))];

function floor(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

const operations: Record<string, (a: bigint, b: bigint) => bigint | undefined> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "//": (a, b) => b === 0n ? undefined : floor(a, b),
  "%": (a, b) => b === 0n ? undefined : a - floor(a, b) * b,
  "&": (a, b) => a & b,
  "|": (a, b) => a | b,
  "^": (a, b) => a ^ b,
};

for (const [op, expected] of Object.entries(operations)) {
  Deno.test(`int ${op} int is exact on both sides of the limit of numbers`, () => {
    const thread = new Thread();
    for (const a of values) {
      for (const b of values) {
        const wanted = expected(a, b);
        if (wanted === undefined) continue;
        const result = binary(thread, op as "+", toInt(a), toInt(b));
        assert.equal(repr(result), wanted.toString(), `${a} ${op} ${b}`);
        assert.equal(typeof result === "number", wanted > -(2n ** 53n) && wanted < 2n ** 53n);
        assert.ok(!Object.is(result, -0));
      }
    }
  });
}

Deno.test("ints are ordered and equal by value", () => {
  for (const a of values) {
    for (const b of values) {
      const [x, y]: [Value, Value] = [toInt(a), toInt(b)];
      assert.equal(compare("<", x, y), a < b);
      assert.equal(compare(">=", x, y), a >= b);
      assert.equal(equals(x, y), a === b);
    }
  }
});
