/** From a plan to models and programs. */
import { StepfoldError } from '../../errors/index.js';
import type { Model } from '../../model/ir/model.js';
import { removeDeadNodes } from '../../model/ir/prune.js';
import type { ShapeTable } from '../../model/shape/index.js';
import { type Plan, rowKey } from '../plan/index.js';
import { Watch } from '../stages/index.js';
import { lowerChain } from './chain.js';
import { duplication } from './duplication.js';
import { type InstrumentOptions, instrument } from './instrument.js';
import type { Instrumented } from './instrumented.js';
import type { Lowered, ProgramForm } from './lowered.js';
import { lowerMerged, type MergedOptions } from './merged.js';
import { lowerSplit } from './split.js';

export { BranchesTaken, passedOn } from './branches-taken.js';
export { buildIf } from './if-node.js';
export { instrument } from './instrument.js';
export type { Instrumented, StateInfo } from './instrumented.js';
export type { LoopRow } from './loop-rows.js';
export {
  EMIT_FORMS,
  type EmitForm,
  isWholePlan,
  type Lowered,
  PROGRAM_FORMS,
  type ProgramForm,
  type Run,
  type WholePlanForm,
} from './lowered.js';
export { addNamedOutput } from './outputs.js';
export { inputType, outputType, type StateSymbols, stateSymbols } from './state-sizes.js';
export { withFollowed } from './states.js';

const FORMS: Readonly<
  Record<ProgramForm, (source: Instrumented, options: MergedOptions) => Lowered>
> = {
  split: lowerSplit,
  merged: lowerMerged,
  chain: lowerChain,
};

/** So many models at most, one for each kind of call, unless another form is asked for. */
const MOST_SPLIT = 3;
/**
 * So many times the weights at most. A shallow U-Net beside the full one is a few percent more; half of a
 * transformer's blocks twice beside all of them is double the memory.
 */
const MOST_DUPLICATED = 1.5;

/**
 * Lowers a plan over a source model. The source is not changed.
 * @param form by default `split` where that comes to a few models which hold few weights twice, else
 *   `merged`, which holds each once; `split` also where a plan cannot be merged, and `chain` in place of `merged`
 *   where there may be no branches
 */
export function lower(
  source: Model,
  shapes: ShapeTable,
  plan: Plan,
  form?: ProgramForm,
  options: InstrumentOptions & MergedOptions & { readonly noBranches?: boolean } = {},
): { lowered: Lowered; instrumented: Instrumented } {
  const { watch = new Watch() } = options;
  const instrumented = instrument(source, shapes, plan, { ...options, watch });
  const lowered = form
    ? FORMS[form](instrumented, options)
    : lowerInFittingForm(instrumented, options.noBranches);
  for (const [id, model] of lowered.models) {
    removeDeadNodes(model.graph);
    watch.check({ name: `${lowered.emit}: model "${id}"`, before: instrumented.model }, model);
    watch.tell(`${lowered.emit}-${id}`, model);
  }
  return { lowered, instrumented };
}

function lowerInFittingForm(instrumented: Instrumented, noBranches = false): Lowered {
  const rows = new Set(instrumented.variants.map(({ row }) => rowKey(row)));
  // the two halves of a guidance pair may have calls of their own that share models
  const split = rows.size <= 2 * MOST_SPLIT ? lowerSplit(instrumented) : undefined;
  if (
    split &&
    split.models.size <= MOST_SPLIT &&
    duplication(split.models.values()) <= MOST_DUPLICATED
  )
    return split;
  if (noBranches) return lowerChain(instrumented);
  try {
    return lowerMerged(instrumented);
  } catch (error) {
    if (error instanceof StepfoldError && error.code === 'PLAN_NOT_MERGEABLE')
      return split ?? lowerSplit(instrumented);
    throw error;
  }
}
