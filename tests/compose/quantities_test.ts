import assert from "node:assert/strict";
import { formatDuration, parseBytes, parseDuration } from "../../lib/compose/mod.ts";

Deno.test("durations are read strictly and written as Compose does", () => {
  const cases: readonly (readonly [string, number, string])[] = [
    ["0", 0, "0s"],
    ["10s", 10_000, "10s"],
    ["1m30s", 90_000, "1m30s"],
    ["90m", 5_400_000, "1h30m0s"],
    ["1.5s", 1_500, "1.5s"],
    ["300ms", 300, "300ms"],
    ["2us", 0.002, "2µs"],
    ["1d", 86_400_000, "24h0m0s"],
    ["1m1m", 120_000, "2m0s"],
  ];
  for (const [text, ms, canonical] of cases) {
    assert.equal(parseDuration(text), ms, text);
    assert.equal(formatDuration(ms), canonical);
    assert.equal(parseDuration(canonical), ms, canonical);
  }
  for (
    const text of ["", "5", "s", "-1s", "1 s", "1S", "1y", "1s ", "1e3s", "9".repeat(400) + "s"]
  ) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

Deno.test("sizes are read strictly, in powers of 1024", () => {
  const cases: Readonly<Record<string, number>> = {
    "0": 0,
    "17": 17,
    "2b": 2,
    "1k": 1024,
    "1KB": 1024,
    "1KiB": 1024,
    "1.5g": 1_610_612_736,
    "64 m": 67_108_864,
  };
  for (const [text, bytes] of Object.entries(cases)) assert.equal(parseBytes(text), bytes, text);
  for (const text of ["", "-1", "1x", "1bb", "k", "1e3", "9999999p", "1.5.5"]) {
    assert.equal(parseBytes(text), undefined, text);
  }
});
