/** What each step of a loop runs: the row that has the choices which the rules ask for, or one that covers them. */
import type { Row, Rule } from '../../../generated/schedule.js';

/**
 * @param asked by rule, the choice of each step
 * @param steps that are taken
 */
export function rowsOf(
  rules: readonly Rule[],
  rows: readonly Row[],
  asked: readonly (readonly number[])[],
  steps: number,
): Row[] {
  const known = new Map(rows.map((row) => [row.choices.join(), row]));
  return Array.from({ length: steps }, (_, step) => {
    const wanted = asked.map((choices) => choices[step]!);
    return (
      known.get(wanted.join()) ??
      // a row of choices 0 is always there, and covers all
      rows.find(({ choices }) => choices.every((own, r) => covers(rules[r]!, own, wanted[r]!)))!
    );
  });
}

/** Is a choice at least as exact as another one? */
export function covers({ when }: Rule, choice: number, other: number): boolean {
  if (choice === other || choice === 0) return true;
  return when.kind === 'placed' && when.covers[choice]!.includes(other);
}
