/**
 * The whole denoising loop as one model: an ONNX Loop around the one that counts its calls. Noise and conditions go in,
 * latents come out, and nothing is kept between runs.
 *
 * The body is the model that is run by feeding back what it gives, which Loop does: each state goes round as it would by a
 * caller's hand. Beside the states go the latent and what the sampler keeps. Weights lie outside of the body, each once.
 */
import { subgraphs } from '../../../model/ir/attribute.js';
import { cloneModel } from '../../../model/ir/clone.js';
import { Graph } from '../../../model/ir/graph.js';
import type { Model } from '../../../model/ir/model.js';
import { sortNodes } from '../../../model/ir/order.js';
import { removeDeadNodes } from '../../../model/ir/prune.js';
import { tensorType } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import { inOrder } from '../../../runtime/samplers/index.js';
import { addNamedOutput } from '../../lower/index.js';
import type { Compilation } from '../../pipeline/index.js';
import { Builder } from './builder.js';
import { decoded } from './decoder.js';
import { type Given, LoopBody } from './loop-body.js';
import { LoopInputs, type LoopPorts, loopPorts } from './loop-inputs.js';
import { GUIDANCE_SCALE, IMAGE, INIT, LATENT, NOISE, STEP_NOISE, unconditional } from './names.js';
import type { StepTables } from './step-tables.js';

/** Names that the loop's own nodes and constants do not take. */
function claimNames(graph: Graph, into: Graph): void {
  for (const value of graph.values()) into.scope.claim(value.name);
  for (const node of graph.nodes) for (const inner of subgraphs(node)) claimNames(inner, into);
}

/**
 * @param compilation in the form `stateful`
 * @throws FORM_INPUTS, FORM_NAME_TAKEN
 */
export function loopModel(compilation: Compilation, tables: StepTables): Model {
  const { model: stateful } = cloneModel([...compilation.lowered.models.values()][0]!);
  const ports = loopPorts(compilation);
  const graph = new Graph('loop');
  const names = new LoopInputs(graph, compilation, stateful.graph);
  const noise = names.own(NOISE, 'float32', ports.shape);
  const begins = tables.start.init !== undefined;
  const given: Given = {
    noise,
    ...(begins && { init: names.own(INIT, 'float32', ports.shape) }),
    ...(tables.needsNoise && {
      stepNoise: names.own(STEP_NOISE, 'float32', [tables.told.length, ...ports.shape]),
    }),
    ...(compilation.guidance && { scale: names.own(GUIDANCE_SCALE, 'float32', []) }),
  };
  names.reserve(LATENT);
  if (compilation.whole?.decoder) names.reserve(IMAGE);
  claimNames(stateful.graph, graph);
  const outside = new Builder(graph);
  const conditions = conditionsOf(outside, names, ports, compilation);
  const body = new LoopBody(graph, stateful.graph, compilation, ports, tables);
  const latent = body.run(given, conditions);
  addNamedOutput(graph, LATENT, latent, tensorType('float32', ports.shape));
  const model = { ...stateful, graph };
  const decoder = compilation.whole?.decoder;
  if (decoder) {
    const pictures = decoded(model, latent, ports.shape, decoder);
    const [batch = null] = ports.shape;
    addNamedOutput(graph, IMAGE, pictures, tensorType('float32', [batch, null, null, null]));
  }
  removeDeadNodes(graph);
  sortNodes(graph);
  return model;
}

/** By name of the denoiser's input, what it takes: with guidance, both halves of what has a row for each image. */
function conditionsOf(
  builder: Builder,
  names: LoopInputs,
  { rows, others }: LoopPorts,
  { guidance }: Compilation,
): Map<string, Value> {
  const taken = new Map(others.map((port) => [port.name, names.condition(port)]));
  for (const port of rows) {
    if (!guidance) {
      taken.set(port.name, names.condition(port));
      continue;
    }
    const [batch, ...rest] = port.shape;
    const shape = [typeof batch === 'number' ? batch / 2 : (batch ?? null), ...rest];
    const own = names.condition({ ...port, shape });
    const name = unconditional(port.name);
    const what = `what the unconditional half has for "${port.name}"`;
    const other = names.own(name, port.type, shape, what);
    taken.set(port.name, builder.concat(inOrder(guidance.order, own, other)));
  }
  return taken;
}
