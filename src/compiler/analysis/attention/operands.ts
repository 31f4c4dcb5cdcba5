/** From an operand of attention back to the layer that projects it, and to what that layer reads. */
import { multipliesWeight } from '../../../model/cost/index.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { activationOf, type Projection, projectionAmong } from './adapters.js';
import type { AttentionOperand } from './attention.js';
import { type Reached, reachBack } from './reach.js';

/** Follows an operand of a product back to the one layer it comes from, and what adapts it. */
export function operand(value: Value): AttentionOperand | { readonly reason: string } {
  const reached = reachBack(value);
  const layers = [...reached.heavy];
  const notALayer = layers.find((node) => !multipliesWeight(node));
  if (notALayer)
    return { reason: `"${value.name}" comes from "${notALayer.label}", which is no layer` };
  const found = projectionsOf(reached);
  if (!found)
    return {
      reason: `"${value.name}" comes from ${layers.length} layers ("${layers[0]!.label}", "${layers[1]!.label}"), not from one projection`,
    };
  const projections = found.map(({ layer }) => layer);
  const adapters = found.flatMap((projection) => projection.adapters);
  if (found.length > 0)
    return { value, projections, adapters, sources: projections.map(activationOf) };
  const [input] = reached.inputs;
  if (reached.inputs.size === 1 && input)
    return { value, projections: [], adapters: [], sources: [input] };
  return { reason: `"${value.name}" comes from no layer and no single input` };
}

/** One projection, or one for each input of a Concat, in its order; none where no layer was reached. */
function projectionsOf({ heavy, passed }: Reached): readonly Projection[] | undefined {
  if (heavy.size === 0) return [];
  const one = projectionAmong([...heavy]);
  if (one) return [one];
  for (const node of passed) {
    if (!isOp(node, 'Concat')) continue;
    const parts = node.inputs.map((input) => (input ? [...reachBack(input).heavy] : []));
    if (new Set(parts.flat()).size !== heavy.size) continue;
    const found = new Map<Node, Projection>();
    for (const part of parts) {
      const projection = part.length > 0 ? projectionAmong(part) : undefined;
      if (projection) found.set(projection.layer, projection);
      else if (part.length > 0) break;
    }
    if (parts.every((part) => part.length === 0 || part.some((layer) => found.has(layer))))
      return [...found.values()];
  }
  return undefined;
}
