/** From a plan to models and programs. */
import { StepfoldError } from '../errors/index.js';
import type { Model } from '../ir/model.js';
import { removeDeadNodes } from '../ir/prune.js';
import type { Plan } from '../plan/index.js';
import type { ShapeTable } from '../shape/index.js';
import { lowerChain } from './chain.js';
import { type Instrumented, instrument } from './instrument.js';
import type { EmitForm, Lowered } from './lowered.js';
import { lowerMerged } from './merged.js';
import { lowerSplit } from './split.js';

export type { Instrumented, StateInfo } from './instrument.js';
export { instrument } from './instrument.js';
export { EMIT_FORMS, type EmitForm, type Lowered, type Run } from './lowered.js';

const FORMS: Readonly<Record<EmitForm, (source: Instrumented) => Lowered>> = {
  split: lowerSplit,
  merged: lowerMerged,
  chain: lowerChain,
};

/** Different calls up to which each gets a model of its own, unless another form is asked for. */
const MOST_SPLIT = 3;

/**
 * Lowers a plan over a source model. The source is not changed.
 * @param form by default `split` for a few different calls, else `merged`, which holds weights once;
 *   `split` also where a plan cannot be merged
 */
export function lower(
  source: Model,
  shapes: ShapeTable,
  plan: Plan,
  form?: EmitForm,
  maxPrograms?: number,
): { lowered: Lowered; instrumented: Instrumented } {
  const instrumented = instrument(source, shapes, plan, maxPrograms);
  const lowered = form ? FORMS[form](instrumented) : lowerInFittingForm(instrumented);
  for (const model of lowered.models.values()) removeDeadNodes(model.graph);
  return { lowered, instrumented };
}

function lowerInFittingForm(instrumented: Instrumented): Lowered {
  const rows = new Set(instrumented.programs.map((program) => program.row.join('\n')));
  if (rows.size <= MOST_SPLIT) return lowerSplit(instrumented);
  try {
    return lowerMerged(instrumented);
  } catch (error) {
    if (error instanceof StepfoldError && error.code === 'PLAN_NOT_MERGEABLE')
      return lowerSplit(instrumented);
    throw error;
  }
}
