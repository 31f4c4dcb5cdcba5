/** What loops take, as a whole: the sampler, the engine and all that lies between. */
import { setTimeout } from 'node:timers/promises';
import { median } from '../measure/spread.js';
import type { Bundles } from './bundles.js';
import type { Setting } from './setting.js';
import { openTrial } from './trial.js';

export interface LoopTime {
  /** Median of the rounds, in milliseconds, for as many images as are made at once. */
  readonly milliseconds: number;
  /** The quickest and the slowest round. */
  readonly least: number;
  readonly most: number;
  /** None: it was worked out from costs that another machine measured. */
  readonly rounds: number;
}

/** Between turns: threads spin for a while after a run. */
const REST = 50;
/** Seconds that a round may take for so many of them. */
const ROUNDS: readonly (readonly [seconds: number, rounds: number])[] = [
  [4, 7],
  [30, 3],
];

/** Loops in turn, round after round, so that whatever else the machine does meets them all. */
export async function timeLoops(
  bundles: Bundles,
  settings: readonly Setting[],
): Promise<LoopTime[]> {
  const turns: number[][] = settings.map(() => []);
  const turn = async (i: number): Promise<number> => {
    const run = await openTrial(bundles, settings[i]!, 0);
    await setTimeout(REST);
    const start = performance.now();
    await run();
    return performance.now() - start;
  };
  let first = 0;
  for (const i of settings.keys()) first += await turn(i);
  const rounds = ROUNDS.find(([seconds]) => first < 1000 * seconds)?.[1] ?? 1;
  for (let round = 0; round < rounds; round++)
    for (const [i, times] of turns.entries()) times.push(await turn(i));
  return turns.map((times) => ({
    milliseconds: median(times),
    least: Math.min(...times),
    most: Math.max(...times),
    rounds: times.length,
  }));
}
