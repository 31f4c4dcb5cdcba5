/** From an operand of attention back to the layer that projects it, and to what that layer reads. */
import { multipliesWeight, weightBehind } from '../../cost/index.js';
import { isOp, type Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import type { AttentionOperand } from './attention.js';
import { reachBack } from './reach.js';

/** Operators that move elements and change none. */
export const LAYOUT = ['Reshape', 'Transpose', 'Identity', 'Squeeze', 'Unsqueeze', 'Flatten'];

/** Follows an operand of a product back to the one layer it comes from. */
export function operand(value: Value): AttentionOperand | { readonly reason: string } {
  const { heavy, inputs } = reachBack(value);
  const [projection, other] = [...heavy];
  if (projection && other)
    return {
      reason: `"${value.name}" comes from ${heavy.size} layers ("${projection.label}", "${other.label}"), not from one projection`,
    };
  if (projection && multipliesWeight(projection))
    return { value, projection, source: activationOf(projection) };
  if (projection)
    return { reason: `"${value.name}" comes from "${projection.label}", which is no layer` };
  const [input] = inputs;
  if (inputs.size === 1 && input) return { value, projection: undefined, source: input };
  return { reason: `"${value.name}" comes from no layer and no single input` };
}

/** The input of a layer that is not its weight, before mere changes of layout. */
function activationOf(layer: Node): Value {
  const inputs = layer.inputs.filter((v): v is Value => v !== null);
  return beforeLayout(inputs.find((v) => !weightBehind(v)) ?? inputs[0]!);
}

export function beforeLayout(value: Value): Value {
  let before = value;
  while (isOp(before.producer, ...LAYOUT)) before = before.producer.inputs[0]!;
  return before;
}
