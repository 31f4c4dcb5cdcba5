/** From a plan to models and programs. */
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

/** Lowers a plan over a source model. The source is not changed. */
export function lower(
  source: Model,
  shapes: ShapeTable,
  plan: Plan,
  form: EmitForm,
): { lowered: Lowered; instrumented: Instrumented } {
  const instrumented = instrument(source, shapes, plan);
  const lowered = FORMS[form](instrumented);
  for (const model of lowered.models.values()) removeDeadNodes(model.graph);
  return { lowered, instrumented };
}
