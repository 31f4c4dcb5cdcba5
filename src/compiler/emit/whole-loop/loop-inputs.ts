/** What the loop as one model is given, and how the denoiser inside takes it. */
import { loopInputs, loopNameTaken } from '../../../errors/index.js';
import { subgraphs } from '../../../model/ir/attribute.js';
import type { Graph } from '../../../model/ir/graph.js';
import { type DataType, type Dim, tensorType } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import { type TimestepFeed, timestepFeed } from '../../../runtime/samplers/index.js';
import type { Port } from '../../../runtime/schedule/index.js';
import type { Compilation } from '../../pipeline/index.js';
import { statedPort } from '../ports.js';
import { GUIDANCE_SCALE, IMAGE, INIT, LATENT, NOISE, STEP_NOISE } from './names.js';

/** What names of the loop's own are for, in words. */
const MEANING: Readonly<Record<string, string>> = {
  [NOISE]: 'the noise that it begins with',
  [INIT]: 'the clean latents that it begins with',
  [STEP_NOISE]: 'the noise of its steps',
  [GUIDANCE_SCALE]: 'the scale of guidance',
  [LATENT]: 'the latents that it gives',
  [IMAGE]: 'the pictures that it gives',
};

export interface LoopPorts {
  readonly latent: Port;
  readonly prediction: Port;
  readonly timestep: { readonly name: string; readonly feed: TimestepFeed };
  /** Conditions with a row for each image, and others. */
  readonly rows: readonly Port[];
  readonly others: readonly Port[];
  /** Channels of the latent. */
  readonly channels: number | undefined;
  /** The prediction holds as many again behind them, the learned variance. */
  readonly withVariance: boolean;
  /** The sizes of the latents that the loop is given, and gives. */
  readonly shape: readonly Dim[];
}

/** @throws FORM_INPUTS */
export function loopPorts({
  canonical,
  shapes,
  roles,
  guidance,
  followers,
}: Compilation): LoopPorts {
  const ports = canonical.graph.inputs
    .filter((value) => !value.initializer)
    .map((value) => statedPort(shapes, value));
  const outputs = canonical.graph.outputs.map((value) => statedPort(shapes, value));
  const latent = ports.find(({ name }) => name === roles.latent);
  const timestep = ports.find(({ name }) => name === roles.timestep);
  const prediction = outputs.find(({ name }) => name === roles.prediction) ?? outputs[0]!;
  if (!latent) throw loopInputs('none of its inputs is known to be the latent');
  if (!timestep) throw loopInputs('none of its inputs is known to be the timestep');
  if (latent.type !== 'float32' && latent.type !== 'float16')
    throw loopInputs(`its latent "${latent.name}" is ${latent.type}`);
  const [own, predicted] = [latent.shape[1], prediction.shape[1]];
  const alike = prediction.shape.length === latent.shape.length;
  const withVariance = alike && typeof own === 'number' && predicted === 2 * own;
  // of a video channels need not stand on axis 1
  const axis = latent.shape.findIndex((size, k) => {
    const other = prediction.shape[k];
    const differ = typeof size === 'number' && typeof other === 'number' && size !== other;
    return alike && k > 0 && differ && !(k === 1 && withVariance);
  });
  if (axis > 0)
    throw loopInputs(
      `on axis ${axis} its latent "${latent.name}" has size ${latent.shape[axis]} and its prediction ${prediction.shape[axis]}, and what the rest is the loop does not know`,
    );
  const rest = timestep.shape.slice(1);
  if (rest.some((size) => typeof size !== 'number'))
    throw loopInputs(
      `its timestep "${timestep.name}" has sizes of its own, [${timestep.shape.join(', ')}]`,
    );
  const conditions = ports.filter((port) => port !== latent && port !== timestep);
  const [batch] = latent.shape;
  const onOtherAxes = new Set(ports.flatMap(({ shape }) => shape.slice(1)));
  // an export may call the batch something else at each input, and what joins them need not show: a first axis of a size
  // that nothing is known of has a row for each image, as conditions have
  const isBatch = (size: Dim | undefined) =>
    size === batch ||
    (typeof size === 'string' &&
      typeof batch === 'string' &&
      (followers?.has(size) ? followers.get(size)!.stated === batch : !onOtherAxes.has(size)));
  const hasRows = ({ shape: [size] }: Port) => size !== undefined && size !== null && isBatch(size);
  return {
    latent,
    prediction,
    timestep: { name: timestep.name, feed: timestepFeed(timestep, rest as number[]) },
    rows: conditions.filter(hasRows),
    others: conditions.filter((port) => !hasRows(port)),
    channels: typeof own === 'number' ? own : undefined,
    withVariance,
    shape:
      guidance && typeof batch === 'number' ? [batch / 2, ...latent.shape.slice(1)] : latent.shape,
  };
}

/** Adds inputs to the graph of the loop, and keeps their names apart from those of the model inside. */
export class LoopInputs {
  private readonly taken: ReadonlySet<string>;

  /** @param inside the graph that is to lie in the loop, whose own values give up names that the loop wants */
  constructor(
    private readonly graph: Graph,
    { canonical }: Pick<Compilation, 'canonical'>,
    private readonly inside: Graph,
  ) {
    const { inputs, outputs } = canonical.graph;
    this.taken = new Set([...inputs, ...outputs].map(({ name }) => name));
  }

  /** @throws FORM_NAME_TAKEN */
  own(name: string, type: DataType, shape: readonly Dim[], meaning = MEANING[name]!): Value {
    this.reserve(name, meaning);
    return this.graph.addInput(name, tensorType(type, shape));
  }

  condition({ name, type, shape }: Port): Value {
    return this.graph.addInput(name, tensorType(type, shape));
  }

  /** @throws FORM_NAME_TAKEN */
  reserve(name: string, meaning = MEANING[name]!): void {
    if (this.taken.has(name)) throw loopNameTaken(name, meaning);
    if (this.inside.scope.has(name)) giveUp(this.inside, name);
  }
}

/** Values of that name in a graph, and in those inside it, are called otherwise. */
function giveUp(graph: Graph, name: string): void {
  for (const value of [...graph.values()])
    if (value.name === name) graph.giveUpName(value, `${name}.inside`);
  for (const node of graph.nodes) for (const inner of subgraphs(node)) giveUp(inner, name);
}
