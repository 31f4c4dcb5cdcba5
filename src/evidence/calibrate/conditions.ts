/**
 * The inputs of a denoising loop beside latent and timestep: those that are given, and for the rest
 * seeded random ones, one for each image.
 */
import type { TensorConstructor } from 'onnxruntime-common';
import { feedShape, oddGuidanceBatch, rolesUnknown } from '../../errors/index.js';
import { withFollowers } from '../../model/shape/index.js';
import type { Port } from '../../runtime/schedule/index.js';
import type { Batches } from '../measure/batches.js';
import type { DenoiserPorts } from '../measure/denoise-bundle.js';
import {
  concretePort,
  type Feeds,
  fitShape,
  randomFeeds,
  requireKnown,
  SEEDS,
} from '../measure/feeds.js';
import {
  arraysOf,
  forEveryImage,
  type GivenFeeds,
  numbersOf,
  settleByNumbers,
  tensorOfNumbers,
} from '../measure/loop-given.js';
import type { LoopParts } from '../measure/loop-parts.js';
import { portOf } from '../measure/loop-sizes.js';
import type { LoopGuidance } from './guidance.js';

export interface ConditionOptions {
  readonly ort: { readonly Tensor: TensorConstructor };
  /** Images, counted once where both halves of a guidance pair are in one batch. */
  readonly samples: number;
  /** Undefined without guidance. */
  readonly mode: 'batch' | 'two-calls' | undefined;
  readonly feeds: GivenFeeds;
  /** What the unconditional half reads. */
  readonly unconditional: GivenFeeds;
  readonly seed: number;
  /** By input, how many classes there are. */
  readonly classes: ReadonlyMap<string, number>;
  /** Inputs that are fed by a control model, call by call. */
  readonly controlled?: ReadonlySet<string> | undefined;
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
  parts?: LoopParts,
) => ({
  seed,
  feeds,
  parts,
  // calls of one loop are compared with each other, so that they are of one size
  bothHalves: true,
  ...(guidance && {
    guidance: {
      ...guidance,
      scale: guidance.scale!,
      unconditional,
    },
  }),
});

/**
 * Completes the conditions of a loop. With guidance, an input of one row per image that is given for
 * neither half is made up for both, since halves that read the same would share without loss.
 * @throws ROLE_UNKNOWN, GUIDANCE_BATCH, FEED_SHAPE, FEED_NUMBERS, FEED_SHAPE_UNKNOWN
 */
export function completeConditions(ports: DenoiserPorts, options: ConditionOptions): Conditions {
  const { ort, samples, mode, seed, classes } = options;
  const { latent, timestep } = ports.roles;
  const names = ports.inputs.map((port) => port.name);
  if (latent === undefined || timestep === undefined)
    throw rolesUnknown(
      Object.entries({ latent, timestep }).flatMap(([role, name]) =>
        name === undefined ? [role] : [],
      ),
      names,
    );
  const batch = ports.inputs.find((port) => port.name === latent)!.shape[0]!;
  const pair = mode === 'batch';
  const rows = pair ? 2 * samples : samples;
  if (typeof batch === 'number' && pair && batch % 2 !== 0) throw oddGuidanceBatch(latent, batch);
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
  const conditions = ports.inputs.filter(
    ({ name }) => name !== latent && name !== timestep && !options.controlled?.has(name),
  );
  const ofLatent = ports.inputs.filter(({ name }) => name === latent);
  // an input that is not joined from two halves goes in as it is
  const wanted = (name: string) => (options.unconditional[name] ? samples : rows);
  const arrays = (given: GivenFeeds): Feeds => {
    const found = arraysOf(given);
    for (const { name } of [...ofLatent, ...conditions.filter(perImage)])
      if (found[name] && (!pair || name === latent || options.unconditional[name]))
        found[name] = forEveryImage(ort.Tensor, found[name], samples);
    return found;
  };
  const [feeds, unconditional] = [arrays(options.feeds), arrays(options.unconditional)];
  for (const port of conditions.filter(perImage))
    for (const half of [feeds, unconditional]) {
      const dims = half[port.name]?.dims;
      const wants = wanted(port.name);
      if (dims && dims[0] !== wants)
        throw feedShape(port.name, dims, [wants, ...port.shape.slice(1)], new Map(), pair);
    }
  const missing = conditions.filter(({ name }) => !options.feeds[name]);
  // what is made up fits what is given, in each half where each is a call of its own
  const together = pair ? { ...options.unconditional, ...options.feeds } : options.feeds;
  const sizes = (given: GivenFeeds) => {
    const found = sizesOf(conditions, batch, arraysOf(given));
    for (const [name, numbers] of Object.entries(numbersOf(given)))
      settleByNumbers(portOf(conditions, name), numbers, found);
    const all = new Map([...bindings, ...found]);
    return withFollowers(all, ports.followers, new Set([...found.keys(), String(batch)]));
  };
  const own = sizes(together);
  requireKnown(missing, own);
  const other = sizes({ ...options.feeds, ...options.unconditional });
  const written = (given: GivenFeeds, bound: ReadonlyMap<string, number>): Feeds =>
    Object.fromEntries(
      Object.entries(numbersOf(given)).map(([name, numbers]) => {
        const port = portOf(conditions, name);
        const shape = perImage(port) ? [wanted(name), ...port.shape.slice(1)] : port.shape;
        return [name, tensorOfNumbers(ort.Tensor, { ...port, shape }, numbers, bound)];
      }),
    );
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
    (port) =>
      mode !== undefined && !options.unconditional[port.name] && (perImage(port) || resized(port)),
  );
  const inputs = new Set(ports.inputs.filter(perImage).map(({ name }) => name));
  return {
    ports: settled,
    ...(typeof batch === 'number' && batch !== rows && { batches: { rows, batch, pair, inputs } }),
    // the noise has the seed itself
    feeds: { ...make(missing, 1, own), ...feeds, ...written(options.feeds, own) },
    unconditional: {
      ...make(alone, 2, other),
      ...unconditional,
      ...written(options.unconditional, other),
    },
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
