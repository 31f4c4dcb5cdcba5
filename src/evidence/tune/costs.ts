/**
 * What a step costs under passes: one at which everything is computed, and one between, in steps of the source. From
 * these the cost of any setting follows before it runs.
 */
import fs from 'node:fs';
import type { PassRequest } from '../../compiler/pass/index.js';
import { StepfoldError } from '../../errors/index.js';
import { callsOf, callsPerStep } from '../../runtime/schedule/index.js';
import { type BenchReport, benchBundle } from '../measure/bench.js';
import { macShareOf } from '../measure/mac-share.js';
import type { LoopChoice } from '../yardstick/index.js';
import type { Bundles } from './bundles.js';
import { canonical, type Setting } from './setting.js';
import { pairOf } from './subject.js';

export interface StepCost {
  readonly full: number;
  readonly between: number;
}

/** Why something has no cost: a sentence. */
export interface NoCost {
  readonly reason: string;
}

/** In time, as it is measured here, or in multiply-accumulates. */
export const COST_BASES = ['measured', 'macs'] as const;
export type CostBasis = (typeof COST_BASES)[number];

/** Where costs come from. */
export interface Costs {
  /** @param passes for a loop of `COST_STEPS` steps of which the first and the last are full */
  of(passes: readonly PassRequest[]): Promise<StepCost | NoCost>;
  /** When all have been asked for. */
  settle(): void;
}

/** A loop that is long enough to show each kind of step more than once. */
const STEPS = 8;
const FULL = [0, STEPS - 1];
const ROUNDS = 5;

export const COST_STEPS = STEPS;
export const COST_FULL = FULL.length;

/** Of what time is measured in, where that was asked for. */
export const threadsIn = ({ threads }: Bundles, basis: CostBasis): number[] =>
  basis === 'macs' || threads === undefined ? [] : [threads];

/** As they are found here, each once. */
export const costsHere = (
  bundles: Bundles,
  own: LoopChoice,
  basis: CostBasis,
  remember: (name: string, measure: () => Promise<StepCost>) => Promise<StepCost>,
): Costs => ({
  async of(passes) {
    try {
      const name = canonical([basis, passes, ...threadsIn(bundles, basis)]);
      return await remember(name, () => stepCost(bundles, own, passes, basis));
    } catch (error) {
      if (!(error instanceof StepfoldError)) throw error;
      return { reason: error.message };
    }
  },
  settle() {},
});

/** @throws what the passes find wrong, and the ENGINE_ errors */
export async function stepCost(
  bundles: Bundles,
  own: LoopChoice,
  passes: readonly PassRequest[],
  basis: CostBasis,
): Promise<StepCost> {
  return inBundle(bundles, own, passes, async ({ folder, schedule }) => {
    const shareOf = basis === 'macs' ? macShareOf(schedule) : byTime(await bench(folder, bundles));
    const each = callsPerStep(pairOf(bundles.subject));
    const calls = callsOf(schedule).inOrder;
    const stepShare = (step: number) =>
      calls
        .slice(step * each, (step + 1) * each)
        .reduce((sum, program) => sum + shareOf(program), 0) / each;
    const steps = Array.from({ length: STEPS }, (_, step) => step);
    const mean = (some: readonly number[]) =>
      some.reduce((sum, step) => sum + stepShare(step), 0) / some.length;
    // the first step writes what others read, the last one need not
    return { full: stepShare(0), between: mean(steps.filter((step) => !FULL.includes(step))) };
  });
}

/** What a loop costs as a whole, in steps of the source. @throws as `stepCost` */
export async function loopCost(
  bundles: Bundles,
  setting: Setting,
  basis: CostBasis,
): Promise<number> {
  const { folder, schedule } = await bundles.write(setting);
  try {
    const shareOf = basis === 'macs' ? macShareOf(schedule) : byTime(await bench(folder, bundles));
    const all = callsOf(schedule).inOrder.reduce((sum, program) => sum + shareOf(program), 0);
    return all / callsPerStep(pairOf(bundles.subject));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** What a call of the source takes, in milliseconds. */
export const sourceTime = (
  bundles: Bundles,
  own: LoopChoice,
): Promise<{ readonly milliseconds: number; readonly sizes: BenchReport['sizes'] }> =>
  inBundle(bundles, own, [], async ({ folder }) => {
    const { source, sizes } = await bench(folder, bundles);
    return { ...source, sizes };
  });

async function inBundle<T>(
  bundles: Bundles,
  own: LoopChoice,
  passes: readonly PassRequest[],
  use: (written: Awaited<ReturnType<Bundles['write']>>) => Promise<T>,
): Promise<T> {
  const sampler = { ...own, steps: STEPS, timesteps: undefined, start: undefined } as LoopChoice;
  const written = await bundles.write({ family: '', passes, sampler });
  try {
    return await use(written);
  } finally {
    fs.rmSync(written.folder, { recursive: true, force: true });
  }
}

function bench(folder: string, { subject, threads }: Bundles) {
  const { file, shapes } = subject;
  return benchBundle({
    ...{ folder, model: file, rounds: ROUNDS },
    ...(shapes && { shapes }),
    ...(threads !== undefined && { threads }),
  });
}

const byTime =
  ({ programs }: BenchReport) =>
  (program: string): number =>
    1 / programs[program]!.speedup;
