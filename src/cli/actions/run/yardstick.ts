/** What `run --yardstick` shows: how near the bundle ends to its source, and what fewer steps come to for the same work. */
import { sourceNotFound, yardstickOfModel } from '../../../errors/index.js';
import { type GenerateOptions, openLoopModel } from '../../../evidence/measure/index.js';
import { macShareOf } from '../../../evidence/measure/mac-share.js';
import {
  measureYardstick,
  type Nearness,
  nearness,
  rowTitle,
  type SamplerChoice,
  type YardstickRow,
  yardstickWork,
} from '../../../evidence/yardstick/index.js';
import { findModel } from '../../../runtime/model-folder/index.js';
import { callsOf, callsPerStep, type Schedule } from '../../../runtime/schedule/index.js';
import { countedRuns } from '../../counted-runs.js';
import { heading, print, printTable } from '../../output.js';
import { startProgress } from '../../progress.js';
import { recordedSource, type SourcePlace, sourcePlaces } from '../../source-model.js';

export interface RunWorth {
  /** The source model. */
  readonly source: string;
  /** Of the loop, in evaluations of the source, by multiply-accumulates. */
  readonly cost: number;
  readonly bundle: Nearness;
  readonly rows: readonly YardstickRow[];
  /** The source's own loop to the converged pictures. */
  readonly loop: number;
  readonly convergedSteps: number;
}

export interface YardstickSubject {
  /** What the command was pointed at, and the bundle found there. */
  readonly given: string;
  readonly bundle: string;
  /** For the loop that is run; undefined for a plain model. */
  readonly schedule: Schedule | undefined;
  readonly choice: SamplerChoice;
  /** The part of the loop that is left out at its beginning. */
  readonly left: number;
}

/** What the bundle's loop ended with, and how often it ran each program. */
export interface LoopRan {
  readonly latent: Float32Array;
  readonly counts: ReadonlyMap<string, number>;
}

export interface RunYardstick {
  /** @throws ENGINE_ errors */
  measure(loop: GenerateOptions, ran: LoopRan): Promise<RunWorth>;
}

/**
 * Finds the source before anything runs.
 * @throws RUN_YARDSTICK, RUN_SOURCE
 */
export function prepareYardstick(
  asked: {
    readonly yardstick: boolean;
    readonly source?: string | undefined;
    readonly json: boolean;
  },
  { given, bundle, schedule, choice, left }: YardstickSubject,
): RunYardstick | undefined {
  if (!asked.yardstick) return undefined;
  if (!schedule) throw yardstickOfModel(given);
  const source = findSource(asked.source, { given, bundle, schedule });
  const each = { callsPerStep: callsPerStep(schedule.source.guidance), left };
  if (!asked.json) {
    const cost = costOf(schedule, countsOf(callsOf(schedule).inOrder));
    const work = yardstickWork({ sampler: choice, cost, ...each }) + callsOf(schedule).length;
    print(`Fewer steps beside it will take ${Math.round(work)} evaluations of "${source}".`);
  }
  return {
    async measure({ onStep: _, onStart: __, ...loop }, { latent, counts }) {
      const cost = costOf(schedule, counts);
      const denoiser = await openLoopModel(source);
      const rivals = { sampler: choice, cost, ...each };
      const steps = yardstickWork(rivals) / each.callsPerStep + loop.sampler.timesteps.length;
      const progress = startProgress('Fewer steps', asked.json);
      const run = countedRuns(denoiser, loop, (done) => progress.update(done, steps));
      try {
        const own = await run(loop.sampler);
        const { converged, ...found } = await measureYardstick({ ...rivals, own, run });
        return { source, cost, bundle: nearness(latent, own, converged), ...found };
      } finally {
        progress.stop();
        await denoiser.release();
      }
    },
  };
}

/** As many full calls as multiply the same; all of them where nothing is multiplied. */
function costOf(schedule: Schedule, counts: ReadonlyMap<string, number>): number {
  const shareOf = macShareOf(schedule);
  return [...counts].reduce((sum, [program, count]) => sum + count * shareOf(program), 0);
}

function countsOf(programs: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const program of programs) counts.set(program, (counts.get(program) ?? 0) + 1);
  return counts;
}

/** The model that is named; else the one that the bundle records. @throws RUN_SOURCE */
function findSource(named: string | undefined, place: SourcePlace): string {
  if (named !== undefined) return findModel(named).file;
  const found = recordedSource(place);
  if (found === undefined)
    throw sourceNotFound(place.bundle, place.schedule.source.file, sourcePlaces(place));
  return found;
}

const dB = (value: number) => (Number.isFinite(value) ? value.toFixed(1) : 'equal');

export function printRunWorth({ cost, bundle, rows, loop, convergedSteps }: RunWorth): void {
  heading(`At the work of ${cost.toFixed(1)} full calls (dB)`);
  const ranked = [...rows].sort((a, b) => b.converged - a.converged);
  printTable(
    ['', "to the source's own loop", `to ${convergedSteps} steps`],
    [
      ['this bundle', dB(bundle.own), dB(bundle.converged)],
      ...ranked.map((row) => [rowTitle(row), dB(row.own), dB(row.converged)]),
      ["the source's own loop, all steps full", '', dB(loop)],
    ],
  );
}
