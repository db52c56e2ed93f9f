/** Longer words are not compared: nobody mistypes a paragraph. */
const MAX_LENGTH = 80;

/**
 * Finds the known word that somebody probably meant.
 *
 * Counts letters that are missing, too many, wrong or swapped (optimal string alignment), without
 * regard to case; a third of the word may be wrong, at most three letters.
 *
 * @param word What was written.
 * @param known What could have been written.
 * @returns The nearest known word, the first of equally near ones; `undefined` when none is near.
 * @example
 * ```ts
 * import { didYouMean } from "@superorch/superorch/diagnostics";
 *
 * console.log(didYouMean("enviroment", ["image", "environment"])); // "environment"
 * ```
 */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  if (word.length > MAX_LENGTH) return undefined;
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.ceil(word.length / 3)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = alignmentDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function alignmentDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, beforeLast[j - 2]! + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
