/**
 * Finds the name that is most like another one, as `orc` has always done.
 *
 * @param wanted What was written.
 * @param names What there is; of equally similar ones the first is taken.
 * @returns `undefined` when nothing has a letter in common with it.
 */
export function mostSimilar(wanted: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestRatio = 0;
  for (const name of names) {
    const ratio = similarity(wanted, name);
    if (ratio > bestRatio) [best, bestRatio] = [name, ratio];
  }
  return best;
}

/**
 * Measures how similar two texts are: twice the length of what matches, as part of both lengths
 * together (Ratcliff and Obershelp, as Python's `difflib` computes it).
 *
 * @returns 0 to 100, rounded.
 */
export function similarity(a: string, b: string): number {
  if (a.length + b.length === 0) return 0;
  let matching = 0;
  const open: [number, number, number, number][] = [[0, a.length, 0, b.length]];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const [fromA, toA, fromB, toB] = part;
    const { at, bt, length } = longestMatch(a, b, part);
    if (length === 0) continue;
    matching += length;
    open.push([fromA, at, fromB, bt], [at + length, toA, bt + length, toB]);
  }
  return Math.round(200 * matching / (a.length + b.length));
}

function longestMatch(
  a: string,
  b: string,
  [fromA, toA, fromB, toB]: readonly [number, number, number, number],
): { at: number; bt: number; length: number } {
  let best = { at: fromA, bt: fromB, length: 0 };
  let above = new Int32Array(toB - fromB + 1);
  for (let i = fromA; i < toA; i++) {
    const row = new Int32Array(toB - fromB + 1);
    for (let j = fromB; j < toB; j++) {
      if (a[i] !== b[j]) continue;
      const length = above[j - fromB]! + 1;
      row[j - fromB + 1] = length;
      if (length > best.length) best = { at: i - length + 1, bt: j - length + 1, length };
    }
    above = row;
  }
  return best;
}
