/**
 * What a plan is worth: at its cost the loop could take fewer steps in full. All samplers that the model can be run
 * with do so, and beside the pictures of the loop itself stand those that it would come to with very many steps: what
 * ends near to the first may be far from the second.
 */
import { ResultError } from '../../errors/index.js';
import type { Sampler } from '../../runtime/samplers/index.js';
import { convergedSampler, type Rival, rivals, type SamplerChoice } from './rivals.js';

export interface YardstickOptions {
  /** The loop's sampler, but for its steps. */
  readonly sampler: SamplerChoice;
  /** Of one image under the plan, in evaluations of the model. */
  readonly cost: number;
  /** Evaluations of a step: two where the halves of guidance pairs have calls of their own. */
  readonly callsPerStep: number;
  /** The part of the loop that is left out at its beginning, as where a picture is changed; default 0. */
  readonly left?: number | undefined;
  /** The end of the loop itself, with every step in full. */
  readonly own: Float32Array;
  /** The final latent of the loop in full with some sampler, from the same noise. */
  readonly run: (sampler: Sampler) => Promise<Float32Array>;
  /** Keeps what is measured by a name, for a yardstick that is interrupted; by default nothing is kept. */
  readonly remember?: (
    name: string,
    measure: () => Promise<readonly number[]>,
  ) => Promise<readonly number[]>;
}

/** Decibels: the range of the latents that are come near to, to the root mean square of the difference. */
export interface Nearness {
  readonly own: number;
  readonly converged: number;
}

export interface YardstickRow extends Nearness {
  readonly name: string;
  readonly spacing?: string;
  readonly steps: number;
  readonly isOwn: boolean;
}

export interface Yardstick {
  /** Fewer steps with each sampler at its best spacing, by how near they end to the converged pictures. */
  readonly rows: readonly YardstickRow[];
  /** The loop itself to the converged pictures. */
  readonly loop: number;
  readonly convergedSteps: number;
  readonly converged: Float32Array;
}

/** How much of its loop a sampler leaves out at the beginning. */
export const partLeftOut = ({
  firstCall,
  timesteps,
}: Pick<Sampler, 'firstCall' | 'timesteps'>): number => firstCall / (firstCall + timesteps.length);

const stepsOf = ({ cost, callsPerStep }: Pick<YardstickOptions, 'cost' | 'callsPerStep'>) =>
  // a rival may cost a part of a step more, never less
  Math.max(1, Math.ceil(cost / callsPerStep - 1e-9));

/** Evaluations of the model that a yardstick takes. */
export function yardstickWork(
  options: Pick<YardstickOptions, 'sampler' | 'cost' | 'callsPerStep' | 'left'>,
): number {
  const { left } = options;
  const loops = [...rivals(options.sampler, stepsOf(options), left).map(({ sampler }) => sampler)];
  const steps = [convergedSampler(options.sampler, left), ...loops].map(
    (one) => one.timesteps.length,
  );
  return options.callsPerStep * steps.reduce((sum, count) => sum + count, 0);
}

export async function measureYardstick(options: YardstickOptions): Promise<Yardstick> {
  const { remember = (_, measure) => measure() } = options;
  const { left } = options;
  const many = convergedSampler(options.sampler, left);
  const converged = Float32Array.from(
    await remember(`converged ${many.timesteps.length}`, async () => [
      ...(await options.run(many)),
    ]),
  );
  const best = new Map<string, YardstickRow>();
  for (const rival of rivals(options.sampler, stepsOf(options), left)) {
    const row = await rowOf(rival, options, converged);
    const known = best.get(rival.name);
    if (row && (!known || row.converged > known.converged)) best.set(rival.name, row);
  }
  return {
    rows: [...best.values()],
    loop: decibels(options.own, converged),
    convergedSteps: many.timesteps.length,
    converged,
  };
}

/** Undefined where the loop comes upon numbers that are not finite. */
async function rowOf(
  { name, spacing, sampler, own }: Rival,
  { run, own: loop, remember = (_, measure) => measure() }: YardstickOptions,
  converged: Float32Array,
): Promise<YardstickRow | undefined> {
  const steps = sampler.timesteps.length;
  const [toLoop, toConverged] = await remember(`rival ${name} ${spacing} ${steps}`, async () => {
    const end = await run(sampler).catch((error) => {
      if (error instanceof ResultError) return undefined;
      throw error;
    });
    return end ? [decibels(end, loop), decibels(end, converged)] : [];
  });
  if (toLoop === undefined || toConverged === undefined) return undefined;
  return {
    name,
    isOwn: own,
    ...(spacing !== undefined && { spacing }),
    steps,
    own: toLoop,
    converged: toConverged,
  };
}

/** What a row stands for, as people call it. */
export const rowTitle = ({
  name,
  spacing,
  steps,
  isOwn,
}: Pick<YardstickRow, 'name' | 'spacing' | 'steps' | 'isOwn'>): string =>
  `${steps} steps, ${name}${spacing ? ` ${spacing}` : ''}${isOwn ? " (the loop's sampler)" : ''}`;

export const nearness = (
  end: Float32Array,
  own: Float32Array,
  converged: Float32Array,
): Nearness => ({ own: decibels(end, own), converged: decibels(end, converged) });

/** Infinity where nothing differs. */
export function decibels(found: Float32Array, wanted: Float32Array): number {
  let [low, high, total] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < wanted.length; i++) {
    low = Math.min(low, wanted[i]!);
    high = Math.max(high, wanted[i]!);
    total += (found[i]! - wanted[i]!) ** 2;
  }
  return 10 * Math.log10(((high - low) ** 2 * wanted.length) / total);
}
