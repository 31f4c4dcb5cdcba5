/**
 * A projection with adapters beside it that were not merged into its weight: x W + s (x A) B (LoRA, Hu et al.,
 * arXiv 2106.09685, equation 3), any number of them. Nothing is asked of the rank, nor of what scales them.
 */
import { multipliesWeight, weightBehind } from '../../../model/cost/index.js';
import type { Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { keepsNumbers, movesAlone, operatorOf } from '../../../model/operators/index.js';
import { reachBack } from './reach.js';

export interface Projection {
  readonly layer: Node;
  /** Both layers of each adapter. */
  readonly adapters: readonly Node[];
}

/** The one of some layers beside which all others are ends of adapters; undefined where there is none. */
export function projectionAmong(layers: readonly Node[]): Projection | undefined {
  if (layers.length === 1) return { layer: layers[0]!, adapters: [] };
  if (!layers.every(multipliesWeight)) return undefined;
  for (const layer of layers) {
    const adapters: Node[] = [];
    for (const up of layers) {
      const down = up === layer ? undefined : downOf(up, activationOf(layer));
      if (down) adapters.push(down, up);
    }
    if (adapters.length === 2 * (layers.length - 1)) return { layer, adapters };
  }
  return undefined;
}

/** The first layer of an adapter that ends in `up`, if it reads a value, in whatever type. */
export function downOf(up: Node, read: Value): Node | undefined {
  const [down, other] = reachBack(activationOf(up)).heavy;
  if (!down || other || !multipliesWeight(down)) return undefined;
  return beforeCasts(activationOf(down)) === beforeCasts(read) ? down : undefined;
}

/** The input of a layer that is not its weight, before mere changes of layout. */
export function activationOf(layer: Node): Value {
  const inputs = layer.inputs.filter((v): v is Value => v !== null);
  return beforeLayout(inputs.find((v) => !weightBehind(v)) ?? inputs[0]!);
}

/** The same numbers, wherever they lie and by whatever steps. */
const isLayout = (node: Node): boolean =>
  movesAlone(node) || operatorOf(node)?.elements === 'quantized';

export const beforeLayout = (value: Value): Value => before(value, isLayout);

const beforeCasts = (value: Value): Value =>
  before(value, (node) => isLayout(node) || keepsNumbers(node));

function before(value: Value, isPassed: (node: Node) => boolean): Value {
  let last = value;
  for (let node = last.producer; node && isPassed(node); node = last.producer)
    last = node.inputs[0]!;
  return last;
}
