import assert from "node:assert/strict";
import { stackedGet, stackedSet } from "../../lib/errors/mod.ts";
import { thrownBy } from "./_support.ts";

const inspect = [{ State: { ExitCode: 3, Error: null } }];

Deno.test("stackedGet() walks arrays and objects, and null is a value", () => {
  assert.equal(stackedGet(inspect, 0, "State", "ExitCode"), 3);
  assert.equal(stackedGet(inspect, 0, "State", "Error"), null);
  assert.equal(stackedGet(inspect), inspect);
});

Deno.test("stackedGet() says which step failed and on what", () => {
  const text = `${thrownBy(() => stackedGet(inspect, 0, "Stat", "ExitCode"))}`;
  assert.match(text, /stackedGet\(value\[0\] \.\.\. \["Stat"\] \.\.\.\) -> indexing failed/);
  assert.match(text, /value\[0\] is an object with the keys \["State"\]/);
  assert.ok(text.includes("stacked_get_test.ts"));
});

Deno.test("stackedGet() takes own members of data only", () => {
  for (const path of [["toString"], ["__proto__"], [0, "constructor"], ["length"], ["0"]]) {
    assert.throws(() => stackedGet(inspect, ...path), /indexing failed/, JSON.stringify(path));
  }
  assert.throws(() => stackedGet("text", 0), /value is string/);
  assert.throws(() => stackedGet(null, "a"), /value is null/);
  assert.throws(() => stackedGet([1, 2], 2), /an array of 2/);
  assert.throws(() => stackedGet([1, 2], -1), /an array of 2/);
});

Deno.test("stackedSet() replaces and adds members, and fails where the way there is missing", () => {
  const value: Record<string, unknown> = { a: [{ b: 1 }] };
  stackedSet(value, ["a", 0, "b"], 2);
  stackedSet(value, ["a", 0, "c"], 3);
  assert.deepEqual(value, { a: [{ b: 2, c: 3 }] });
  assert.throws(() => stackedSet(value, ["x", "y"], 1), /\["x"\]/);
  assert.throws(() => stackedSet(value, ["a", 5], 1), /an array of 1/);
  assert.throws(() => stackedSet(value, [], 1), RangeError);
});

Deno.test("stackedSet() cannot reach a prototype", () => {
  const value: Record<string, unknown> = {};
  assert.throws(() => stackedSet(value, ["__proto__", "polluted"], true), /indexing failed/);
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});
