/** What a report is about, read from a bundle and measured on it; files are read by whoever makes a report. */

import type { BundleReport } from '../../../compiler/emit/report.js';
import type { KnownStrategies, PassTrials } from '../../../compiler/pass/index.js';
import type { SameFile } from '../../../model/diff/index.js';
import type { Model } from '../../../model/ir/model.js';
import type { Schedule } from '../../../runtime/schedule/index.js';
import type { Worth } from '../../measure/spread.js';
import type { Nearness, Yardstick } from '../../yardstick/index.js';

export interface ReportSubject {
  /** What the bundle is called. */
  readonly name: string;
  /** For the loop that is shown. */
  readonly schedule: Schedule;
  /** As the bundle has it, where another loop than its own is shown. */
  readonly written?: Schedule | undefined;
  readonly report: BundleReport;
  /** Bytes of each model's file, by id. */
  readonly modelBytes: Readonly<Record<string, number>>;
  /** The source in canonical form, which sites and programs speak of. */
  readonly source?: Model | undefined;
  /** By id. */
  readonly models?: ReadonlyMap<string, Model> | undefined;
  /** Tells that two files are one; by path where it is left out. */
  readonly sameFile?: SameFile | undefined;
  readonly measured?: Measured | undefined;
  readonly trace?: LoopTrace | undefined;
  readonly pictures?: readonly PicturePair[] | undefined;
  readonly fewerSteps?: FewerSteps | undefined;
  readonly trials?: readonly Trials[] | undefined;
  readonly plans?: readonly SearchedPlan[] | undefined;
}

/** With what the strategies of its schedule mean. */
export interface KnownSubject extends ReportSubject {
  readonly known: KnownStrategies;
}

/** Times of one run, source and bundle in turns. */
export interface Measured {
  readonly rounds: number;
  /** What ran in a turn: whole loops, or each program once. */
  readonly turns: 'loops' | 'programs';
  readonly sourceMilliseconds: number;
  /** By program. */
  readonly programs: Readonly<Record<string, number>>;
  /** The whole loop. */
  readonly loop: {
    readonly source: number;
    readonly bundle: number;
    /** Of the ratios of the rounds. */
    readonly quartiles: readonly [number, number];
    /** Can the ratio be told from how the rounds differ? */
    readonly worth: Worth;
  };
  /** What speaks against believing these times, in sentences without a full stop. */
  readonly doubts: readonly string[];
  /** Resident bytes of the process. */
  readonly memory: { readonly source: number; readonly both: number };
}

/** A loop of the source and one of the bundle from the same noise. */
export interface LoopTrace {
  readonly sampler: string;
  readonly seed: number;
  readonly images: number;
  /** Of the final latents: the range of the source's over the root mean square of the difference; infinite where nothing differs. */
  readonly decibels?: number | undefined;
  /** Channels of a latent. */
  readonly channels?: number | undefined;
  /** Inputs whose values were made up. */
  readonly madeUp: readonly string[];
  readonly steps: readonly {
    readonly step: number;
    /** Root mean square of the difference over that of the source's, of the denoiser's output after guidance. */
    readonly prediction: number;
    /** The same of the latent that the step makes. */
    readonly latent: number;
  }[];
}

/** What the bundle's time would buy of the source: fewer steps. Decibels over the range of the latents. */
export interface FewerSteps extends Pick<Yardstick, 'loop' | 'convergedSteps' | 'rows'> {
  /** Of the loop with the bundle, in calls of the source: by its measured time. */
  readonly cost: number;
  readonly bundle: Nearness;
}

/** PNG files that belong together. */
export interface PicturePair {
  readonly name: string;
  readonly source: Uint8Array;
  readonly bundle: Uint8Array;
  /** Decibels; undefined where the pictures differ in size. */
  readonly psnr?: number | undefined;
  /** What fewer steps of the source draw in the same time. */
  readonly fewerSteps?: RivalPicture | undefined;
}

export interface RivalPicture {
  /** Steps and sampler. */
  readonly what: string;
  readonly picture: Uint8Array;
  readonly psnr?: number | undefined;
}

/** Other options of a pass, and what came of them. */
export interface Trials extends Pick<PassTrials, 'title' | 'figure' | 'note'> {
  readonly points: readonly TrialPoint[];
}

export interface TrialPoint {
  readonly label: string;
  /** What stands at its point of the figure. */
  readonly short: string;
  /** The bundle was made with it. */
  readonly chosen: boolean;
  /** Mean MACs of a call. */
  readonly macs: number;
  /** Relative error of the final latent. */
  readonly error: number;
}

/** A plan that a search found, and what came of it. */
export interface SearchedPlan {
  readonly file: string;
  readonly threshold: number;
  /** Mean MACs of a call. */
  readonly macs: number;
  /** Relative error of the final latent. */
  readonly error: number;
  /** The plan is that of the bundle. */
  readonly chosen: boolean;
}
