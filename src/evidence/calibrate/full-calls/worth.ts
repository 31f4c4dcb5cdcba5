/** The plan that was chosen beside fewer steps at its cost, on the images that had no say in the choice. */

import { inBatches } from '../../measure/batches.js';
import { generate } from '../../measure/generate.js';
import {
  measureYardstick,
  type Nearness,
  nearness,
  type Yardstick,
  type YardstickOptions,
} from '../../yardstick/index.js';
import { loopSettings } from '../conditions.js';
import type { LoopGuidance } from '../guidance.js';
import { NOTHING } from '../history.js';
import { endOf } from './candidates.js';
import type { FullLoop } from './full-loop.js';
import type { ImageHalf } from './halves.js';
import type { Memo } from './memo.js';
import { type ProgramSources, runProgram } from './programs.js';
import type { OpenVariant, StepLoop } from './step-loop.js';

export interface Worth extends Omit<Yardstick, 'converged'> {
  readonly chosen: Nearness;
  readonly even: Nearness;
  readonly evaluations: number;
}

interface Costed {
  readonly full: readonly number[];
  readonly cost: number;
}

export interface WorthOptions<C extends Costed> {
  readonly sampler: YardstickOptions['sampler'];
  readonly sources: ProgramSources;
  readonly half: ImageHalf;
  readonly guidance: LoopGuidance | undefined;
  readonly loop: StepLoop;
  readonly whole: FullLoop;
  readonly chosen: C;
  readonly even: C;
  readonly openOf: (one: C) => OpenVariant;
  readonly memo: Memo;
  /** The part of the loop that is left out at its beginning. */
  readonly left: number;
}

export async function worthOf<C extends Costed>(options: WorthOptions<C>): Promise<Worth> {
  const { sampler, sources, half, guidance, loop, whole, chosen, even, openOf } = options;
  const { ort, callsPerStep } = sources;
  const open = openOf(chosen);
  const { conditions, seed, parts } = half;
  const { batches, ports } = conditions;
  let calls = 0;
  const one = async (feeds: Parameters<typeof runProgram>[3], call: number) =>
    (await runProgram(ort, open.programs.full(call), open.variant, feeds, call, NOTHING)).outputs;
  const denoiser = {
    ports,
    calls: undefined,
    counts: new Map<string, number>(),
    reset() {},
    async release() {},
    call: (feeds: Parameters<typeof runProgram>[3], context: { readonly call: number }) => {
      calls++;
      return batches
        ? inBatches(ort.Tensor as never, batches, (part) => one(part, context.call))(
            feeds,
            context as never,
          )
        : one(feeds, context.call);
    },
  };
  const own = whole.positions.at(-1)!.trajectory.latent;
  const { converged, ...measured } = await measureYardstick({
    sampler,
    cost: chosen.cost,
    callsPerStep,
    left: options.left,
    own,
    remember: (name, measure) => options.memo.of(name, measure),
    run: async (rival) =>
      (
        await generate(denoiser, {
          ...loopSettings(seed, guidance, conditions, parts),
          sampler: rival,
        })
      ).latent,
  });
  const of = async (candidate: C) =>
    nearness(await endOf(loop, whole, openOf(candidate), candidate.full), own, converged);
  return { ...measured, chosen: await of(chosen), even: await of(even), evaluations: calls };
}
