/**
 * Successive halving (Jamieson and Talwalkar 2016, arXiv 1502.07943): all settings on few images, the better ones of them
 * on more, and so on.
 */

export interface Rung {
  /** Batches of images that each is tried on, from the first. */
  readonly batches: number;
  /** How many go on from it. */
  readonly keep: number;
}

/**
 * @param prepare is told what will be scored
 * @param score of a setting on so many batches; higher is better, undefined where it failed
 * @returns those that are left, the best first
 */
export async function halve<T>(
  candidates: readonly T[],
  rungs: readonly Rung[],
  prepare: (candidates: readonly T[], batches: number) => Promise<void>,
  score: (candidate: T, batches: number) => Promise<number | undefined>,
): Promise<readonly T[]> {
  let left = candidates;
  for (const { batches, keep } of rungs) {
    await prepare(left, batches);
    const scored: { readonly one: T; readonly score: number }[] = [];
    for (const one of left) {
      const found = await score(one, batches);
      if (found !== undefined) scored.push({ one, score: found });
    }
    // of equals the first stays first
    scored.sort((a, b) => b.score - a.score);
    left = scored.slice(0, keep).map(({ one }) => one);
  }
  return left;
}
