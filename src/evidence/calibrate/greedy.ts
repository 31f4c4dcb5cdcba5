/**
 * The greedy search of DiTFastAttn (arXiv 2406.08552), algorithm 1, within one call: site by site, the
 * cheapest strategy is taken whose loss against the call with every site computed stays below
 * ((i + 1) / L) δ, where i counts from the first of L sites. Each site is so allowed one more L-th
 * of δ. It takes at most one evaluation for each candidate of each site, and two more.
 *
 * Ours: of strategies that cost the same, as one and its forecast, the nearest is taken.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { CallEvaluator } from './evaluator.js';
import { relativeLoss } from './loss.js';
import type { Mode } from './modes.js';

export interface Choice {
  readonly mode: Mode;
  /** Of the strategy that was taken; null where the site is computed. */
  readonly loss: number | null;
}

export interface CallSearch {
  /** How each site is computed in this call. */
  readonly computed: readonly Mode[];
  /** What to try at a site, the cheapest first; of those that cost the same the nearest is taken. */
  candidates(site: number): readonly (readonly Mode[])[];
  /** δ */
  readonly threshold: number;
  /** Looks at the reference before anything is compared with it. */
  readonly check?: (reference: Tensor) => void;
  /** Called when a site is decided. */
  readonly onSite?: (site: number) => void;
}

export interface CallResult {
  readonly choices: readonly Choice[];
  readonly attempts: number;
  readonly outputs: InferenceSession.ReturnType;
}

export async function searchCall(
  evaluator: CallEvaluator,
  feeds: InferenceSession.FeedsType,
  { computed, candidates, threshold, check, onSite }: CallSearch,
): Promise<CallResult> {
  const reference = await evaluator.begin(feeds, computed);
  check?.(reference);
  const choices: Choice[] = [];
  let attempts = 0;
  for (const [site, compute] of computed.entries()) {
    const most = ((site + 1) / computed.length) * threshold;
    let choice: Choice = { mode: compute, loss: null };
    for (const group of candidates(site)) {
      let [best, least]: [Mode | undefined, number] = [undefined, most];
      for (const mode of group) {
        attempts++;
        const loss = relativeLoss(reference, await evaluator.attempt(site, mode));
        if (loss < least) [best, least] = [mode, loss];
      }
      if (!best) continue;
      choice = { mode: best, loss: least };
      break;
    }
    await evaluator.fix(site, choice.mode);
    choices.push(choice);
    onSite?.(site);
  }
  return { choices, attempts, outputs: await evaluator.end() };
}
