/** How far a bundle may be from its source, where arithmetic differs at all. */
import { attrNumber, subgraphs } from '../../model/ir/attribute.js';
import { constantTensor } from '../../model/ir/constants.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Model } from '../../model/ir/model.js';
import { isOp } from '../../model/ir/node.js';
import { dataTypeCode } from '../../model/ir/types.js';

/**
 * Largest relative differences that pass, where nothing else is asked for and arithmetic differs: under
 * graph optimization, which fuses other nodes in each model, and where a strategy or a target sums in
 * another order. Everything else is held to the bit.
 *
 * Quantized activations go by steps of a 255th of their range: the last bit of a sum decides which, and
 * so does how the engine fuses operators. A step here is several further on: at level `all` a quantized
 * U-Net with one output more differs from itself by a ninth of its largest number, where it is equal
 * to the bit without fusing.
 */
export const TOLERANCES = { float32: 1e-5, float16: 1e-2, quantized: 2e-1 } as const;

/** The tolerance for a bundle by the types that its source computes in, whatever the schedule says. */
export function toleranceFor({ graph }: Model): number {
  if (quantizesActivations(graph)) return TOLERANCES.quantized;
  return usesHalves(graph) ? TOLERANCES.float16 : TOLERANCES.float32;
}

const QUANTIZERS = ['QuantizeLinear', 'DynamicQuantizeLinear', 'DynamicQuantizeMatMul'];

/** Of weights alone, quantization is a constant like any other. */
const quantizesActivations = (graph: Graph): boolean =>
  [...graph.nodes].some(
    (node) => QUANTIZERS.includes(node.opType) && node.inputs[0] && !constantTensor(node.inputs[0]),
  );

/**
 * Half precision tells 2^-11 apart, and what is taken away and added again is rounded each time. It is
 * there where a tensor that comes in, goes out or is stored has it, or something is cast to it.
 */
export function usesHalves(graph: Graph): boolean {
  const stored = [...graph.initializers].map((value) => value.initializer?.dtype);
  const ports = [...graph.inputs, ...graph.outputs].map(({ type }) =>
    type?.kind === 'tensor' ? type.elem : undefined,
  );
  return (
    [...stored, ...ports].some((type) => type === 'float16') ||
    [...graph.nodes].some(
      (node) =>
        (isOp(node, 'Cast') && attrNumber(node, 'to', 0) === dataTypeCode('float16')) ||
        subgraphs(node).some(usesHalves),
    )
  );
}
