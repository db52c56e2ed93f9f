import assert from "node:assert/strict";
import { dumpYaml, type MaterialValue } from "../../lib/orchestra/hashes/mod.ts";
import { pythonYaml } from "./_python_yaml.ts";

const python = await pythonYaml();

const DUMP = `
import json, sys, yaml
values = json.load(sys.stdin)
json.dump([yaml.dump(v, default_style="|", width=100000) for v in values], sys.stdout)
`;

/** Numbers that are the same in each run (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const PARTS = [
  " ",
  "  ",
  "\n",
  "\n\n",
  "\t",
  "\r",
  "a",
  "b c",
  "echo $X",
  "é",
  "€",
  "😀",
  "\u{85}",
  "\u{a0}",
  "\u{2028}",
  "\u{feff}",
  "\u{7f}",
  "\u{1b}",
  "\u{e000}",
  "\0",
  '"',
  "\\",
  "'",
  "#",
  ": ",
  "- ",
  "? ",
  "%",
  "---\n",
  "...\n",
  "true",
  "null",
  "1",
  "x".repeat(130),
];

function randomText(random: (below: number) => number, length: number): string {
  return Array.from({ length: random(length) }, () => PARTS[random(PARTS.length)]).join("");
}

function randomValue(random: (below: number) => number, depth: number): MaterialValue {
  const kind = random(depth > 0 ? 7 : 4);
  if (kind === 0) return null;
  if (kind === 1) return random(2) === 0;
  if (kind < 4) return randomText(random, 8);
  if (kind === 4) {
    return Array.from({ length: random(4) }, () => randomValue(random, depth - 1));
  }
  return Object.fromEntries(
    Array.from({ length: random(4) }, () => [
      random(3) === 0 ? randomText(random, 4) : `key${random(100)}`,
      randomValue(random, depth - 1),
    ]),
  );
}

async function compare(values: readonly MaterialValue[]): Promise<void> {
  const expected: string[] = JSON.parse(await python.run!(DUMP, JSON.stringify(values)));
  for (const [index, value] of values.entries()) {
    assert.equal(dumpYaml(value), expected[index], `for ${JSON.stringify(value)}`);
  }
}

const ignore = python.skip !== undefined;

Deno.test({
  name: "hash material is what PyYAML prints, byte for byte, for thousands of random values",
  ignore,
  fn: async () => {
    const random = randomNumbers(20261121);
    const values: MaterialValue[] = [];
    while (values.length < 4000) {
      const value = randomValue(random, 4);
      const isCollection = typeof value === "object" && value !== null;
      if (isCollection && Object.keys(value).length > 0) values.push(value);
    }
    await compare(values);
  },
});

Deno.test({
  name: "hash material of long lines and of keys of every length is what PyYAML prints",
  ignore,
  fn: async () => {
    const values: MaterialValue[] = [];
    for (let length = 118; length < 132; length++) values.push({ ["k".repeat(length)]: "v" });
    for (const unit of ["é ", "word\t", "\\ ", "😀 x "]) {
      for (const extra of [-2, -1, 0, 1, 50_000]) {
        values.push([{ key: unit.repeat(Math.ceil((100_000 + extra) / unit.length)) }]);
        values.push([`${unit}${"a".repeat(99_990 + extra)} b c ${unit}`]);
      }
    }
    await compare(values);
  },
});
