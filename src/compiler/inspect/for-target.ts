/** What an engine would take of a model, as a target writes it: nothing is emitted. */
import { cloneModel } from '../../model/ir/clone.js';
import type { Model } from '../../model/ir/model.js';
import { applyTarget, type Finding, type MissEntry, type Target } from '../targets/index.js';

export interface InspectedTarget {
  readonly name: string;
  /** How often each rule of the target was applied. */
  readonly rewrites: Readonly<Record<string, number>>;
  /** Where one looked likely to apply and was not. */
  readonly left: readonly MissEntry[];
  /** What the engine would not take; none of engines without limits. */
  readonly findings: readonly Finding[];
}

/**
 * Rewrites a copy of a model in canonical form, and checks that.
 * @param sizes for the symbols that stay
 * @throws GRAPH_BROKEN
 */
export function inspectFor(
  canonical: Model,
  target: Target,
  sizes: ReadonlyMap<string, number>,
): InspectedTarget {
  const { model } = cloneModel(canonical);
  const { trace, misses, findings = [] } = applyTarget(model, target, sizes);
  const rewrites: Record<string, number> = {};
  for (const { rule } of trace) rewrites[rule] = (rewrites[rule] ?? 0) + 1;
  return { name: target.name, rewrites, left: misses, findings };
}
