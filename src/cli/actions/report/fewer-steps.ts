/** What fewer steps of the source come to in the time that the bundle takes. */
import {
  type GenerateOptions,
  openLoopModel,
  type recordLoop,
} from '../../../evidence/measure/index.js';
import { nearestRow } from '../../../evidence/report/facts/headline.js';
import type { FewerSteps } from '../../../evidence/report/facts/subject.js';
import {
  measureYardstick,
  nearness,
  partLeftOut,
  rowTitle,
  type SamplerChoice,
  yardstickWork,
} from '../../../evidence/yardstick/index.js';
import { countedRuns } from '../../counted-runs.js';
import type { Status } from '../../progress.js';

type Recorded = Awaited<ReturnType<typeof recordLoop>>;

export interface FewerStepsContext {
  /** The source model. */
  readonly against: string;
  readonly choice: SamplerChoice;
  readonly loop: Omit<GenerateOptions, 'onStep'>;
  /** Loops of source and bundle from the same noise. */
  readonly full: Recorded;
  readonly own: Recorded;
  readonly show: Status['show'];
}

export interface MeasuredFewerSteps {
  readonly fewerSteps: FewerSteps;
  /** What ends nearest to the loop of the source, and where. */
  readonly nearest: { readonly what: string; readonly latent: Float32Array } | undefined;
}

/** @param times of both loops, milliseconds */
export async function measureFewerSteps(
  { against, choice, loop, full, own, show }: FewerStepsContext,
  times: { readonly milliseconds: number; readonly sourceMilliseconds: number },
): Promise<MeasuredFewerSteps> {
  const cost = (full.steps.length * times.milliseconds) / times.sourceMilliseconds;
  const source = await openLoopModel(against);
  const ends: Float32Array[] = [];
  // a step is the unit here, however many calls it makes
  const asked = { sampler: choice, cost, callsPerStep: 1, left: partLeftOut(loop.sampler) };
  const all = yardstickWork(asked);
  const run = countedRuns(source, loop, (done) =>
    show(`Fewer steps: step ${done} of ${all}`, done / all),
  );
  try {
    const found = await measureYardstick({
      ...asked,
      own: full.latent,
      run: async (sampler) => {
        const latent = await run(sampler);
        ends.push(latent);
        return latent;
      },
    });
    const { rows, loop: toConverged, convergedSteps, converged } = found;
    const bundle = nearness(own.latent, full.latent, converged);
    const row = nearestRow(rows, 'own');
    const latent = ends.find((end) => {
      const at = nearness(end, full.latent, converged);
      return at.own === row?.own && at.converged === row.converged;
    });
    return {
      fewerSteps: { cost, convergedSteps, loop: toConverged, bundle, rows },
      nearest: row && latent && { what: rowTitle(row), latent },
    };
  } finally {
    await source.release();
  }
}
