/**
 * The candidate that `word` may have been meant to be, or "" when none is near. Underscores and
 * case do not count, and up to half of the letters may differ, as in starlark-go.
 */
export function nearest(word: string, candidates: Iterable<string>): string {
  const folded = fold(word);
  let best = "";
  let limit = Math.floor((folded.length + 1) / 2);
  for (const candidate of candidates) {
    const distance = levenshtein(folded, fold(candidate), limit);
    if (distance < limit) {
      limit = distance;
      best = candidate;
    }
  }
  return best;
}

function fold(word: string): string {
  return word.replaceAll("_", "").toLowerCase();
}

/** Edit distance, or a number above `max` as soon as it must exceed that. */
function levenshtein(a: string, b: string, max: number): number {
  if (Math.abs(a.length - b.length) > max) return max + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const cost = Math.min(row[j - 1]! + same, row[j]! + 1, next[j - 1]! + 1);
      next.push(cost);
      least = Math.min(least, cost);
    }
    if (least > max) return max + 1;
    row = next;
  }
  return row[b.length]!;
}
