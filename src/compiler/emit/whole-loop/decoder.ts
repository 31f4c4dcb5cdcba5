/** Pictures behind the loop: a decoder's graph on the latents, which are brought to its scale. */
import { loopDecoder } from '../../../errors/index.js';
import { subgraphs } from '../../../model/ir/attribute.js';
import { type CloneMap, cloneModel, copyNode, wireCopy } from '../../../model/ir/clone.js';
import type { Graph } from '../../../model/ir/graph.js';
import type { Model } from '../../../model/ir/model.js';
import type { Dim } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import type { LoopDecoder } from '../../pipeline/index.js';
import { Builder } from './builder.js';

/**
 * @param loop the model that makes the latents, to which operator sets of the decoder are added
 * @param latent [images, channels, height, width]
 * @param shape of it
 * @returns the pictures
 * @throws FORM_DECODER
 */
export function decoded(
  loop: Model,
  latent: Value,
  shape: readonly Dim[],
  { model, label, scale }: LoopDecoder,
): Value {
  const { model: decoder } = cloneModel(model);
  const { graph } = decoder;
  const inputs = graph.inputs.filter((value) => !value.initializer);
  const [input] = inputs;
  const wants = input?.type?.kind === 'tensor' ? input.type : undefined;
  if (inputs.length !== 1 || wants?.shape?.length !== 4)
    throw loopDecoder(label, 'does not take one array of four dimensions');
  const misfit = wants.shape.find(
    (dim, axis) =>
      typeof dim === 'number' && typeof shape[axis] === 'number' && dim !== shape[axis],
  );
  if (shape.length !== 4 || misfit !== undefined)
    throw loopDecoder(
      label,
      `takes [${wants.shape.join(', ')}], and latents are [${shape.join(', ')}]`,
    );
  if (typeof wants.shape[0] === 'number' && wants.shape[0] !== shape[0])
    throw loopDecoder(
      label,
      `takes a batch of ${wants.shape[0]}, and latents are [${shape.join(', ')}]`,
    );
  for (const [domain, version] of decoder.opsets) {
    const own = loop.opsets.get(domain);
    if (own !== undefined && own !== version)
      throw loopDecoder(
        label,
        `is written in version ${version} of the operator set "${domain}", and the denoiser in ${own}`,
      );
    loop.opsets.set(domain, version);
  }
  const main = loop.graph;
  const builder = new Builder(main);
  const brought = toDecoder(builder, latent, scale);
  const map: CloneMap = { values: new Map(), nodes: new Map() };
  apart(graph, main);
  map.values.set(input!, wants.elem === 'float32' ? brought : builder.cast(brought, wants.elem));
  for (const value of graph.initializers) {
    const copy = main.newValue(value.name, undefined, 0);
    copy.type = value.type;
    main.setInitializer(copy, value.initializer!);
    map.values.set(value, copy);
  }
  for (const node of graph.nodes) copyNode(node, main, map);
  for (const node of graph.nodes) wireCopy(node, map.nodes.get(node)!, map);
  const output = map.values.get(graph.outputs[0]!) ?? graph.outputs[0]!;
  const type = graph.outputs[0]!.type;
  const isFloat = type?.kind !== 'tensor' || type.elem === 'float32';
  return isFloat ? output : builder.cast(output, 'float32');
}

/** Latents of a loop as the decoder takes them: x / scaling + shift, or x · std / scaling + mean of each channel. */
function toDecoder(
  builder: Builder,
  latent: Value,
  { scaling, shift, mean, std }: LoopDecoder['scale'],
): Value {
  const numbers = (values: readonly number[]) =>
    values.length === 1
      ? builder.floats(values, [])
      : builder.floats(values, [values.length, 1, 1]);
  const spread = std ? std.map((value) => value / scaling) : [1 / scaling];
  const middle = mean ?? [shift];
  const times = (value: Value) =>
    spread.every((factor) => factor === 1) ? value : builder.add('Mul', [value, numbers(spread)]);
  const scaled = times(latent);
  return middle.every((value) => value === 0)
    ? scaled
    : builder.add('Add', [scaled, numbers(middle)]);
}

/** Calls values of one graph, and of those inside it, otherwise than those of another are called. */
function apart(graph: Graph, main: Graph): void {
  for (const value of graph.values()) {
    const name = main.scope.fresh(`decoder.${value.name}`);
    graph.giveUpName(value, name);
    main.scope.claim(value.name);
  }
  for (const node of graph.nodes) for (const inner of subgraphs(node)) apart(inner, main);
}
