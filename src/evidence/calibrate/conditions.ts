/**
 * The inputs of a denoising loop beside latent and timestep: those that are given, and for the rest
 * seeded random ones, one for each image.
 */
import type { TensorConstructor } from 'onnxruntime-common';
import { feedShape, fixedBatch, roleUnknown } from '../../errors/index.js';
import { withFollowers } from '../../model/shape/index.js';
import type { Port } from '../../runtime/schedule/index.js';
import type { DenoiserPorts } from '../measure/denoise-bundle.js';
import { concretePort, type Feeds, fitShape, randomFeeds, SEEDS } from '../measure/feeds.js';
import type { Batches } from './batches.js';
import type { LoopGuidance } from './guidance.js';

export interface ConditionOptions {
  readonly ort: { readonly Tensor: TensorConstructor };
  /** Images, counted once where both halves of a guidance pair are in one batch. */
  readonly samples: number;
  /** Undefined without guidance. */
  readonly mode: 'batch' | 'two-calls' | undefined;
  readonly feeds: Feeds;
  /** What the unconditional half reads. */
  readonly unconditional: Feeds;
  readonly seed: number;
  /** By input, how many classes there are. */
  readonly classes: ReadonlyMap<string, number>;
}

export interface Conditions {
  /** With the batch settled: that of the loop, also where the model has a smaller one. */
  readonly ports: DenoiserPorts;
  /** Where the model's batch is fixed, and smaller. */
  readonly batches?: Batches;
  readonly feeds: Feeds;
  readonly unconditional: Feeds;
  /** Inputs whose values were made up. */
  readonly madeUp: readonly string[];
}

/** Seed, feeds and guidance of a loop, as `generate` takes them; the scale must be known. */
export const loopSettings = (
  seed: number,
  guidance: LoopGuidance | undefined,
  { feeds, unconditional }: Conditions,
) => ({
  seed,
  feeds,
  ...(guidance && {
    guidance: {
      scale: guidance.scale!,
      order: guidance.order,
      mode: guidance.mode,
      unconditional,
    },
  }),
});

/**
 * Completes the conditions of a loop. With guidance, an input of one row per image that is given for
 * neither half is made up for both, since halves that read the same would share without loss.
 * @throws ROLE_UNKNOWN, CALIBRATE_BATCH, FEED_SHAPE, FEED_SHAPE_UNKNOWN
 */
export function completeConditions(ports: DenoiserPorts, options: ConditionOptions): Conditions {
  const { ort, samples, mode, feeds, unconditional, seed, classes } = options;
  const { latent, timestep } = ports.roles;
  const names = ports.inputs.map((port) => port.name);
  if (latent === undefined) throw roleUnknown('latent', names);
  if (timestep === undefined) throw roleUnknown('timestep', names);
  const batch = ports.inputs.find((port) => port.name === latent)!.shape[0]!;
  const pair = mode === 'batch';
  const rows = pair ? 2 * samples : samples;
  if (typeof batch === 'number' && (rows % batch !== 0 || (pair && batch % 2 !== 0)))
    throw fixedBatch(latent, batch, samples, pair);
  const bindings = new Map(ports.bindings);
  if (typeof batch === 'string') bindings.set(batch, samples);

  const perImage = (port: Port) => port.shape.length > 0 && port.shape[0] === batch;
  const widened = (port: Port) =>
    typeof batch === 'number' && perImage(port)
      ? { ...port, shape: [rows, ...port.shape.slice(1)] }
      : port;
  const settled = {
    ...ports,
    inputs: ports.inputs.map(widened),
    outputs: ports.outputs.map(widened),
    bindings,
  };
  const conditions = ports.inputs.filter(({ name }) => name !== latent && name !== timestep);
  for (const port of conditions.filter(perImage))
    for (const half of [feeds, unconditional]) {
      const dims = half[port.name]?.dims;
      // an input that is not joined from two halves goes in as it is
      const wants = unconditional[port.name] ? samples : rows;
      if (dims && dims[0] !== wants)
        throw feedShape(port.name, dims, [wants, ...port.shape.slice(1)], new Map(), pair);
    }
  const missing = conditions.filter(({ name }) => !feeds[name]);
  // what is made up fits what is given, in each half where each is a call of its own
  const together = pair ? { ...unconditional, ...feeds } : feeds;
  const sizes = (given: Feeds) => {
    const found = sizesOf(conditions, batch, given);
    const all = new Map([...bindings, ...found]);
    return withFollowers(all, ports.followers, new Set([...found.keys(), String(batch)]));
  };
  const own = sizes(together);
  const other = sizes({ ...feeds, ...unconditional });
  const make = (list: readonly Port[], offset: number, bound: ReadonlyMap<string, number>) =>
    randomFeeds(
      list.map((port) =>
        perImage(port) ? { ...port, shape: [samples, ...port.shape.slice(1)] } : port,
      ),
      { ort, roles: {}, bindings: bound, seed: (seed + offset) % SEEDS, classes },
    );
  const resized = (port: Port) =>
    mode === 'two-calls' && concretePort(port, own).join() !== concretePort(port, other).join();
  const alone = missing.filter(
    (port) => mode !== undefined && !unconditional[port.name] && (perImage(port) || resized(port)),
  );
  const inputs = new Set(ports.inputs.filter(perImage).map(({ name }) => name));
  return {
    ports: settled,
    ...(typeof batch === 'number' && batch !== rows && { batches: { rows, batch, pair, inputs } }),
    // the noise has the seed itself
    feeds: { ...make(missing, 1, own), ...feeds },
    unconditional: { ...make(alone, 2, other), ...unconditional },
    madeUp: missing.map((port) => port.name),
  };
}

/** Sizes as the given arrays have them; the batch is settled, and what disagrees is refused later. */
function sizesOf(
  ports: readonly Port[],
  batch: Port['shape'][number],
  given: Feeds,
): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const port of ports) {
    const dims = given[port.name]?.dims;
    const from = port.shape.length > 0 && port.shape[0] === batch ? 1 : 0;
    if (dims) fitShape({ ...port, shape: port.shape.slice(from) }, dims.slice(from), sizes);
  }
  return sizes;
}
