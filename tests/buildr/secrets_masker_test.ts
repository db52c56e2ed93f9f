import assert from "node:assert/strict";
import { MASK, Masker } from "../../lib/buildr/mod.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function joined(parts: readonly Uint8Array[]): string {
  return parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
}

/** Pushes a text in pieces that end at the given offsets of its bytes. */
function masked(values: readonly string[], text: string, cuts: readonly number[] = []): string {
  const masker = new Masker(values);
  const bytes = encoder.encode(text);
  const ends = [...new Set([...cuts, bytes.length])].sort((a, b) => a - b);
  let from = 0;
  const parts: Uint8Array[] = [];
  for (const end of ends) {
    // What is pushed may be used again by who pushes it.
    const chunk = bytes.slice(from, end);
    parts.push(masker.push(chunk).slice());
    chunk.fill(0);
    from = end;
  }
  return joined([...parts, masker.flush()]);
}

/** A small generator, so that a failure can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

Deno.test("the masker gives the same for all ways to cut a short stream into two and three", () => {
  const values = ["aba", "abab", "bb", "cabbage"];
  const text = "xababacabbageabbbx aba";
  const whole = masked(values, text);
  assert.equal(whole, `x${MASK}a${MASK}x ${MASK}`);
  for (let a = 0; a <= text.length; a++) {
    for (let b = a; b <= text.length; b++) assert.equal(masked(values, text, [a, b]), whole);
  }
});

Deno.test("the masker finds what a search through the whole text finds, however it is cut", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomFrom(seed);
    const word = (length: number) =>
      Array.from({ length }, () => "abcé"[Math.floor(random() * 4)]).join("");
    const values = Array.from(
      { length: 1 + Math.floor(random() * 4) },
      () => word(1 + Math.floor(random() * 6)),
    );
    const text = word(Math.floor(random() * 80));
    const cuts = Array.from(
      { length: Math.floor(random() * 12) },
      () => Math.floor(random() * encoder.encode(text).length),
    );
    const hidden = new Array<boolean>(text.length).fill(false);
    for (const value of values) {
      for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + 1)) {
        hidden.fill(true, at, at + value.length);
      }
    }
    let expected = "";
    hidden.forEach((isHidden, at) => {
      expected += !isHidden ? text[at] : hidden[at - 1] === true ? "" : MASK;
    });
    assert.equal(masked(values, text, cuts), expected, `seed ${seed}: ${values} in ${text}`);
  }
});

Deno.test("the masker holds back no more than what could still become a value", () => {
  const masker = new Masker(["secret-value"]);
  assert.equal(decoder.decode(masker.push(encoder.encode("Password: "))), "Password: ");
  assert.equal(decoder.decode(masker.push(encoder.encode("sec"))), "");
  assert.equal(decoder.decode(masker.push(encoder.encode("se"))), "sec");
  assert.equal(decoder.decode(masker.push(encoder.encode("x"))), "sex");
  assert.equal(decoder.decode(masker.push(encoder.encode("secret-valu"))), "");
  assert.equal(decoder.decode(masker.flush()), "secret-valu");
});

Deno.test("the masker finds values in base64 at each alignment", () => {
  const value = "correct horse battery";
  for (const before of ["", "a", "ab", "abc", "abcd"]) {
    for (const after of ["", "z", "zy", "zyx"]) {
      const encoded = encoder.encode(before + value + after).toBase64();
      for (const text of [encoded, encoded.replaceAll("+", "-").replaceAll("/", "_")]) {
        const shown = masked([value], `x ${text} y`, [7, 11]);
        assert.ok(shown.includes(MASK), shown);
        // At most the characters that it shares with its neighbours are left.
        assert.ok(shown.length <= "x  y".length + MASK.length + 14, shown);
      }
    }
  }
});

Deno.test("the masker finds lines of a value, and its URL and JSON forms", () => {
  const key = "-----BEGIN KEY-----\nabcdefghij\nshort\n-----END KEY-----\n";
  assert.equal(masked([key], "line abcdefghij, short"), `line ${MASK}, short`);
  assert.equal(masked([key], key.trimEnd()), MASK);
  assert.equal(
    masked([key], key.replaceAll("\n", "\r\n")),
    `${MASK}\r\n${MASK}\r\nshort\r\n${MASK}\r\n`,
  );
  assert.equal(masked([key], JSON.stringify({ key })), `{"key":"${MASK}"}`);
  const password = "p@ss w/ö?rd";
  assert.equal(masked([password], encodeURIComponent(password)), MASK);
  assert.equal(masked([password], encodeURIComponent(password).toLowerCase()), MASK);
  assert.equal(masked([password], encodeURIComponent(password).replaceAll("%20", "+")), MASK);
  assert.equal(masked(['a"quoted"\\value'], String.raw`"a\"quoted\"\\value"`), `"${MASK}"`);
});

Deno.test("the masker leaves alone what is no value, to the byte", () => {
  const bytes = Uint8Array.from({ length: 4096 }, (_, index) => (index * 31) & 255);
  const masker = new Masker(["not in there"]);
  const parts = [masker.push(bytes.subarray(0, 1000)).slice(), masker.push(bytes.subarray(1000))];
  const rest = masker.flush();
  const out = new Uint8Array(parts[0]!.length + parts[1]!.length + rest.length);
  out.set(parts[0]!);
  out.set(parts[1]!, parts[0]!.length);
  out.set(rest, parts[0]!.length + parts[1]!.length);
  assert.deepEqual(out, bytes);
  assert.equal(new Masker(["", " \n"]).isEmpty, true);
  assert.equal(masked([], "as it is"), "as it is");
});

Deno.test("the masker hides secrets in texts without touching its stream", () => {
  const masker = new Masker(["hunter2-long"]);
  masker.push(encoder.encode("hunter2-"));
  assert.equal(masker.text("it is hunter2-long!"), `it is ${MASK}!`);
  assert.equal(decoder.decode(masker.push(encoder.encode("long."))), `${MASK}.`);
});

Deno.test("the masker takes a stream of 16 MB with forty values in reasonable time", () => {
  const values = Array.from(
    { length: 40 },
    (_, index) => `secret-number-${index}-${"x".repeat(20)}`,
  );
  const masker = new Masker(values);
  const chunk = encoder.encode(`some output, some more of it, and a line end\n`.repeat(1456));
  const start = performance.now();
  let total = 0;
  let given = 0;
  while (given < 16 << 20) {
    given += chunk.length;
    total += masker.push(chunk).length;
  }
  total += masker.flush().length;
  assert.equal(total, given);
  assert.ok(performance.now() - start < 20_000);
});
