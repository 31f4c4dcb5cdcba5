/** What is asked first of a bundle: how much faster, how far from the pictures, and what fewer steps come to in the same time. */
import type { Worth } from '../../measure/spread.js';
import { rowTitle, type YardstickRow } from '../../yardstick/index.js';
import type { ReportSubject } from './subject.js';

/** Decibels: the range of the source's latents over the root mean square of the difference; null where nothing differs. */
export type Decibels = number | null;

export interface Headline {
  /** MACs of the source's calls over those of the bundle's, attention included; left out where they are not known. */
  readonly macRatio?: number;
  /** Left out where nothing was run. */
  readonly speed?: {
    /** Time of the source's loop over that of the bundle's. */
    readonly ratio: number;
    /** Of a loop. */
    readonly milliseconds: { readonly source: number; readonly bundle: number };
    readonly rounds: number;
    /** Of the ratios of the rounds: half of them lie between. */
    readonly quartiles: readonly [number, number];
    /** Can the ratio be told from how the rounds differ? */
    readonly worth: Worth;
    /** What speaks against believing it. */
    readonly doubts: readonly string[];
  };
  /** Of the final latents of one noise, to those of the source's own loop. */
  readonly distance?: {
    readonly decibels: Decibels;
    /** Root mean square of the difference over that of the source's. */
    readonly relative: number;
  };
  /** Fewer steps of the source that take as long. */
  readonly fewerSteps?: {
    /** Whatever ends nearest to the source's own loop, and to one of very many steps. */
    readonly toOwn: Rival;
    readonly toConverged: Rival;
    readonly convergedSteps: number;
    /** The bundle itself to that loop of very many steps. */
    readonly bundleToConverged: Decibels;
  };
}

export interface Rival {
  readonly what: string;
  readonly steps: number;
  readonly decibels: Decibels;
}

export function headlineOf({ schedule, measured, trace, fewerSteps }: ReportSubject): Headline {
  const macs = schedule.cost?.macs?.convention.all;
  const last = trace?.steps.at(-1);
  return {
    ...(macs && { macRatio: macs.source / macs.perCall }),
    ...(measured && {
      speed: {
        ratio: measured.loop.source / measured.loop.bundle,
        milliseconds: { source: measured.loop.source, bundle: measured.loop.bundle },
        rounds: measured.rounds,
        quartiles: measured.loop.quartiles,
        worth: measured.loop.worth,
        doubts: measured.doubts,
      },
    }),
    ...(last &&
      trace?.decibels !== undefined && {
        distance: { decibels: finite(trace.decibels), relative: last.latent },
      }),
    ...(fewerSteps && fewerSteps.rows.length > 0 && { fewerSteps: rivalsOf(fewerSteps) }),
  };
}

function rivalsOf({
  rows,
  bundle,
  convergedSteps,
}: NonNullable<ReportSubject['fewerSteps']>): NonNullable<Headline['fewerSteps']> {
  const rival = (to: 'own' | 'converged'): Rival => {
    const row = nearestRow(rows, to)!;
    return { what: rowTitle(row), steps: row.steps, decibels: finite(row[to]) };
  };
  return {
    toOwn: rival('own'),
    toConverged: rival('converged'),
    convergedSteps,
    bundleToConverged: finite(bundle.converged),
  };
}

/** Of several that are as near the first. */
export const nearestRow = <R extends Pick<YardstickRow, 'own' | 'converged'>>(
  rows: readonly R[],
  to: 'own' | 'converged',
): R | undefined =>
  rows.reduce<R | undefined>((best, row) => (best && best[to] >= row[to] ? best : row), undefined);

/** JSON has no place for the infinite. */
const finite = (decibels: number): Decibels => (Number.isFinite(decibels) ? decibels : null);
