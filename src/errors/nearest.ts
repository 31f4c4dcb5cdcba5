/** What was meant: of the words that there are, the one that a slip of the fingers made of what was typed. */

/**
 * Letters to change, put in or take out (Levenshtein 1966), row by row of the table of Wagner and Fischer (1974). By hand,
 * since the runtime has errors too, and imports no package.
 */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= to.length; j++)
      next[j] = Math.min(
        row[j]! + 1,
        next[j - 1]! + 1,
        row[j - 1]! + (letter === to[j - 1] ? 0 : 1),
      );
    row = next;
  }
  return row[to.length]!;
}

/** Letters that may be wrong, of so many: a slip or two, and no other word. */
const slips = (letters: number): number => Math.max(1, Math.round(letters * 0.4));

/** Case, and what joins parts of a name, is no difference. */
const plain = (word: string): string => word.toLowerCase().replaceAll(/[-_ ]/g, '');

/**
 * The nearest of some words, if it is near enough: by letters that differ (Levenshtein), or as the only one that begins
 * with what was typed.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const typed = plain(word);
  const ranked = known
    .map((candidate) => ({ candidate, far: distance(typed, plain(candidate)) }))
    .filter(({ candidate, far }) => far <= slips(plain(candidate).length))
    .sort((a, b) => a.far - b.far);
  if (ranked[0]) return ranked[0].candidate;
  const begun = known.filter((candidate) => plain(candidate).startsWith(typed));
  return typed.length > 1 && begun.length === 1 ? begun[0] : undefined;
}

/** A sentence with the nearest of the words, and a space behind it; nothing where none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? '' : `Did you mean ${near}? `;
}
