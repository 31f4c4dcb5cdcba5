/** What a schedule says of the loop as one model. */
import type { Value } from '../../../model/ir/value.js';
import type { Port, Schedule } from '../../../runtime/schedule/index.js';
import type { Compilation } from '../../pipeline/index.js';
import { elementType } from '../ports.js';
import { LOOP_MODEL } from './names.js';

/** Nothing of other forms. */
export function wholeOf({ lowered, whole }: Compilation): Pick<Schedule, 'whole'> {
  const model = lowered.models.get(LOOP_MODEL);
  if (lowered.emit !== 'loop' || !model || !whole) return {};
  const { inputs, outputs } = model.graph;
  const { name, options } = whole.sampler;
  return {
    whole: {
      model: LOOP_MODEL,
      sampler: { name, options: { ...options } },
      inputs: inputs.map(portOf),
      outputs: outputs.map(portOf),
    },
  };
}

function portOf({ name, type }: Value): Port {
  const tensor = type?.kind === 'tensor' ? type : undefined;
  return {
    name,
    type: elementType(name, tensor?.elem ?? 'undefined'),
    shape: [...(tensor?.shape ?? [])],
  };
}
