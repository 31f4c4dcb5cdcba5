/**
 * Whether requests of a whole loop can share a batch: Triton joins them along the first axis of every input, and parts
 * every output along its first. The scale of guidance is a scalar in the loop, and the noise of its steps has the images on
 * its second axis; both are given a row for each image here.
 */
import { ints } from '../../../model/ir/attribute.js';
import type { Graph } from '../../../model/ir/graph.js';
import { sortNodes } from '../../../model/ir/order.js';
import { int64Tensor } from '../../../model/ir/tensor.js';
import { type Dim, tensorType, type ValueType } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import { GUIDANCE_SCALE, NOISE, STEP_NOISE } from '../../emit/whole-loop/names.js';

const shapeOf = (value: Value): readonly Dim[] =>
  (value.type?.kind === 'tensor' && value.type.shape) || [];

/** Why not; undefined where they can, and all has its rows then. */
export function giveRows(graph: Graph): string | undefined {
  const inputs = graph.inputs.filter((value) => !value.initializer);
  const noise = inputs.find(({ name }) => name === NOISE);
  const [batch, ...image] = noise ? shapeOf(noise) : [];
  if (typeof batch !== 'string')
    return `its models were made for a batch of ${batch ?? 'no known size'}`;
  const own = [GUIDANCE_SCALE, STEP_NOISE];
  const without = [...inputs, ...graph.outputs].find(
    (value) => !own.includes(value.name) && shapeOf(value)[0] !== batch,
  );
  if (without) return `"${without.name}" has no row for each image`;
  for (const input of inputs) {
    if (input.name === GUIDANCE_SCALE) scaleInRows(graph, input, batch, image.length);
    if (input.name === STEP_NOISE) noiseInRows(graph, input);
  }
  sortNodes(graph);
  return undefined;
}

/** [images], which scales [images, …] as a scalar does. */
function scaleInRows(graph: Graph, input: Value, batch: Dim, axes: number): void {
  const shape = graph.addInitializer(
    'rows.shape',
    int64Tensor([-1, ...Array<number>(axes).fill(1)]),
  );
  instead(graph, input, [batch], () => ({ opType: 'Reshape', inputs: [input, shape] }));
}

/** [images, steps, …] */
function noiseInRows(graph: Graph, input: Value): void {
  const [steps, images, ...rest] = shapeOf(input);
  const perm = ints([1, 0, ...rest.map((_, axis) => axis + 2)]);
  instead(graph, input, [images ?? null, steps ?? null, ...rest], () => ({
    opType: 'Transpose',
    inputs: [input],
    attributes: { perm },
  }));
}

/** What read an input of one shape reads a node that makes it of another. */
function instead(
  graph: Graph,
  input: Value,
  shape: readonly Dim[],
  spec: () => Omit<Parameters<Graph['addNode']>[0], 'outputs'>,
): void {
  const uses = [...input.uses];
  const { elem } = input.type as Extract<ValueType, { kind: 'tensor' }>;
  input.type = tensorType(elem, shape);
  const made = graph.addNode({ ...spec(), outputs: [`rows.${input.name}`] }).output;
  graph.replaceUses(input, made, (use) => uses.includes(use));
}
