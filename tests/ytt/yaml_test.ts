import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { printValue } from "../../lib/ytt/yaml/emit.ts";
import {
  ArrayItem,
  MapItem,
  YamlArray,
  YamlMap,
  type YamlValue,
} from "../../lib/ytt/yaml/nodes.ts";
import { toPlain } from "../../lib/ytt/yaml/plain.ts";
import { readYaml } from "../../lib/ytt/yaml/read.ts";

/** A reproducible source of numbers below `n`. */
function numbers(seed: number): (n: number) => number {
  return (n) => {
    seed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return (seed >>> 8) % n;
  };
}

const pieces = [
  ..."ab01-:?#,[]{}&*!|>'\"%@`~.+=<_ ",
  ...["\n", "\t", "\r", "é", "😀", "\u0085", "\u00a0", "\u2028", "\ufeff", "\0", "\x7f", "\\"],
  ...["---", "...", "yes", "null", "0x", "1e3", "2001-01-01", ": ", " #", "\n\n", "  "],
];

function randomText(random: (n: number) => number): string {
  return Array.from({ length: random(7) }, () => pieces[random(pieces.length)]!).join("");
}

function randomValue(random: (n: number) => number, depth: number): YamlValue {
  const kind = depth > 3 ? 0 : random(4);
  if (kind === 1) {
    const keys = new Set(Array.from({ length: random(4) }, () => randomText(random)));
    return new YamlMap([...keys].map((key) => new MapItem(key, randomValue(random, depth + 1))));
  }
  if (kind === 2) {
    return new YamlArray(
      Array.from({ length: random(4) }, () => new ArrayItem(randomValue(random, depth + 1))),
    );
  }
  return [null, true, false, random(1000), -1 - random(1000)][random(12)] ?? randomText(random);
}

Deno.test("what the printer writes, the reader reads as the same value", () => {
  const random = numbers(42);
  for (let i = 0; i < 5_000; i++) {
    const value = randomValue(random, 0);
    const text = printValue(value);
    let read: unknown;
    try {
      read = toPlain(readYaml(`---\n${text}`).items[0]!.value);
    } catch (error) {
      throw new Error(`Cannot read what was printed: ${JSON.stringify(text)}`, { cause: error });
    }
    deepStrictEqual(read, toPlain(value), JSON.stringify(text));
  }
});

Deno.test("errors of YAML have yaml.v2's text and line", () => {
  const cases: [text: string, message: string][] = [
    ["a: b: c", "yaml: line 1: mapping values are not allowed in this context"],
    ["a: 1\nb\nc: 2", "yaml: line 3: could not find expected ':'"],
    ["a: @x", "yaml: line 1: found character that cannot start any token"],
    ["a:\n\tb: 1", "yaml: line 2: found character that cannot start any token"],
    ["- a\nb: 1", "yaml: line 1: did not find expected '-' indicator"],
    ['a: "\\q"', "yaml: line 1: found unknown escape character"],
    ["a: *x", "yaml: line 1: unknown anchor 'x' referenced"],
    ["---\na: @x", "yaml: line 2: found character that cannot start any token"],
  ];
  for (const [text, message] of cases) throws(() => readYaml(text), { message });
});

Deno.test("positions count from 1, with and without a first document marker", () => {
  for (const [text, line] of [["a: 1\nb: 2", 2], ["---\na: 1\nb: 2", 3]] as const) {
    const map = readYaml(text, { name: "x.yml" }).items[0]!.value as YamlMap;
    strictEqual(map.items[1]!.position.compact(), `x.yml:${line}`);
  }
});
