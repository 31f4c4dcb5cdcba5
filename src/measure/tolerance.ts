/** How far a bundle may be from its source, where arithmetic differs at all. */
import { constantTensor } from '../ir/constants.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Schedule } from '../schedule/index.js';

/**
 * Largest relative differences that pass, where nothing else is asked for and arithmetic differs: under
 * graph optimization, which fuses other nodes in each model, and where a strategy or a target sums in
 * another order. Everything else is held to the bit.
 *
 * Quantized activations go by steps of a 255th of their range: the last bit of a sum decides which, and
 * so does how the engine fuses operators. A step here is several further on: at level `all` a quantized
 * U-Net with one output more differs from itself by a twelfth of its largest number, where it is equal
 * to the bit without fusing.
 */
export const TOLERANCES = { float32: 1e-5, float16: 1e-2, quantized: 1e-1 } as const;

/** The tolerance for a bundle by the types that it computes in. */
export function toleranceFor(schedule: Schedule, source: Model): number {
  if (quantizesActivations(source.graph)) return TOLERANCES.quantized;
  return usesHalves(schedule) ? TOLERANCES.float16 : TOLERANCES.float32;
}

const QUANTIZERS = ['QuantizeLinear', 'DynamicQuantizeLinear', 'DynamicQuantizeMatMul'];

/** Of weights alone, quantization is a constant like any other. */
const quantizesActivations = (graph: Graph): boolean =>
  [...graph.nodes].some(
    (node) => QUANTIZERS.includes(node.opType) && node.inputs[0] && !constantTensor(node.inputs[0]),
  );

/** Half precision tells 2^-11 apart, and what is taken away and added again is rounded each time. */
const usesHalves = ({ source, states }: Schedule): boolean =>
  [...source.inputs, ...source.outputs, ...Object.values(states)].some((t) => t.type === 'float16');

/**
 * Does every program round otherwise than the source? One that was rewritten for a target does, and so does
 * half precision: the engine's CPU provider computes most of it in float32 and takes the roundings between
 * two such nodes away, but not at what a program keeps.
 */
export const roundsEverywhere = (schedule: Schedule): boolean =>
  schedule.target !== undefined || usesHalves(schedule);
