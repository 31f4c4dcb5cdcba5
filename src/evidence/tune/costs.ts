/**
 * What a step costs under passes: one at which everything is computed, and one between, in steps of the source. From
 * these the cost of any setting follows before it runs.
 */
import fs from 'node:fs';
import type { PassRequest } from '../../compiler/pass/index.js';
import { callsOf, callsPerStep } from '../../runtime/schedule/index.js';
import { benchBundle } from '../measure/bench.js';
import { macShareOf } from '../measure/mac-share.js';
import type { LoopChoice } from '../yardstick/index.js';
import type { Bundles } from './bundles.js';
import { pairOf } from './subject.js';

export interface StepCost {
  readonly full: number;
  readonly between: number;
}

/** In time, as it is measured here, or in multiply-accumulates. */
export type CostBasis = 'measured' | 'macs';

/** A loop that is long enough to show each kind of step more than once. */
const STEPS = 8;
const FULL = [0, STEPS - 1];
const ROUNDS = 5;

/**
 * @param passes for a loop of `STEPS` steps of which the first and the last are full
 * @throws what the passes find wrong, and the ENGINE_ errors
 */
export async function stepCost(
  bundles: Bundles,
  own: LoopChoice,
  passes: readonly PassRequest[],
  basis: CostBasis,
): Promise<StepCost> {
  const sampler = { ...own, steps: STEPS, timesteps: undefined, start: undefined } as LoopChoice;
  const { folder, schedule } = await bundles.write({ family: '', passes, sampler });
  try {
    const shareOf = basis === 'macs' ? macShareOf(schedule) : await byTime(folder, bundles);
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
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

export const COST_STEPS = STEPS;
export const COST_FULL = FULL.length;

async function byTime(folder: string, { subject }: Bundles) {
  const { programs } = await benchBundle({ folder, model: subject.file, rounds: ROUNDS });
  return (program: string): number => 1 / programs[program]!.speedup;
}
