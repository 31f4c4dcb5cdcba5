/** From an operand of attention back to the layer that projects it, and to what that layer reads. */
import { multipliesWeight, weightBehind } from '../../../model/cost/index.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { movesAlone, operatorOf } from '../../../model/operators/index.js';
import type { AttentionOperand } from './attention.js';
import { type Reached, reachBack } from './reach.js';

/** Follows an operand of a product back to the one layer it comes from. */
export function operand(value: Value): AttentionOperand | { readonly reason: string } {
  const reached = reachBack(value);
  const joined = layersJoined(reached);
  const projections = joined ?? [...reached.heavy];
  const [projection, other] = projections;
  const notALayer = projections.find((node) => !multipliesWeight(node));
  if (notALayer)
    return { reason: `"${value.name}" comes from "${notALayer.label}", which is no layer` };
  if (projection && other && !joined)
    return {
      reason: `"${value.name}" comes from ${projections.length} layers ("${projection.label}", "${other.label}"), not from one projection`,
    };
  if (projection) return { value, projections, sources: projections.map(activationOf) };
  const [input] = reached.inputs;
  if (reached.inputs.size === 1 && input) return { value, projections: [], sources: [input] };
  return { reason: `"${value.name}" comes from no layer and no single input` };
}

/** Layers that a Concat puts together, of which each comes in by an input of its own; in its order. */
function layersJoined({ heavy, passed }: Reached): Node[] | undefined {
  if (heavy.size < 2) return undefined;
  for (const node of passed) {
    if (!isOp(node, 'Concat')) continue;
    const parts = node.inputs.map((input) => (input ? [...reachBack(input).heavy] : []));
    const layers = new Set(parts.flat());
    if (parts.every(({ length }) => length <= 1) && layers.size === heavy.size) return [...layers];
  }
  return undefined;
}

/** The input of a layer that is not its weight, before mere changes of layout. */
export function activationOf(layer: Node): Value {
  const inputs = layer.inputs.filter((v): v is Value => v !== null);
  return beforeLayout(inputs.find((v) => !weightBehind(v)) ?? inputs[0]!);
}

/** The same numbers, wherever they lie and by whatever steps. */
const isLayout = (node: Node): boolean =>
  movesAlone(node) || operatorOf(node)?.elements === 'quantized';

export function beforeLayout(value: Value): Value {
  let before = value;
  for (let node = before.producer; node && isLayout(node); node = before.producer)
    before = node.inputs[0]!;
  return before;
}
