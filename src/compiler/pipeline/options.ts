/** What a pipeline is told of a loop and of what is made for it. */
import type { Model } from '../../model/ir/model.js';
import type { VaeScale } from '../../runtime/model-folder/index.js';
import type { Engine } from '../../runtime/ort/index.js';
import type { LoopSampler, SamplerName } from '../../runtime/samplers/index.js';
import type { GuidancePair, LoopPlaces, PlanFile } from '../../runtime/schedule/index.js';
import type { EmitForm } from '../lower/index.js';
import type { WatchOptions } from '../stages/index.js';
import type { Target } from '../targets/target.js';

/** What makes pictures of latents. */
export interface LoopDecoder {
  readonly model: Model;
  /** What errors call it: its file. */
  readonly label: string;
  /** How latents of a loop differ from those that it takes. */
  readonly scale: VaeScale;
}

/** The rest of a loop that is emitted as one model. */
export interface WholeLoop {
  /** By name and options, as `createSampler` takes them. */
  readonly sampler: {
    readonly name: SamplerName;
    readonly options: Readonly<Record<string, unknown>>;
  };
  /** Appended to the loop, so that it gives pictures too. */
  readonly decoder?: LoopDecoder;
}

export interface PipelineOptions extends WatchOptions {
  /** Calls in the denoising loop. */
  readonly calls: number;
  /** Steps of the loop before these calls, which are not taken: above 0 where it begins in the middle. Default 0. */
  readonly start?: number;
  /** The schedule serves this loop alone, and says nothing of others. */
  readonly fixedLoop?: boolean;
  /** Default: `split` for up to three different calls that hold few weights twice, else `merged`. */
  readonly emit?: EmitForm;
  /** Fixed input shapes, by input name. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Sizes for symbols such as `batch`, written into the model. */
  readonly freeze?: Readonly<Record<string, number>>;
  /** Strategies by site and call, in place of what the passes propose; see `parsePlanFile`. */
  readonly plan?: PlanFile;
  /** Distinct plan rows that may be left: calls are grouped, and none gets a less exact strategy. */
  readonly maxPrograms?: number;
  /** How the loop does classifier-free guidance; left out: not at all, or it does not matter. */
  readonly guidance?: GuidancePair;
  /** What the form `loop` holds beside the plan. */
  readonly whole?: WholeLoop;
  /**
   * Training timestep of each step, strictly descending: one for each call, or for two with guidance by
   * two calls a step. They change no model; the schedule tells runners.
   */
  readonly timesteps?: readonly number[];
  /** Where the loop's steps lie, for passes that ask: any sampler says it. The loop is not held to it. */
  readonly places?: LoopPlaces;
  /** The sampler of the loop. It changes no model, and places no steps; the schedule tells runners. */
  readonly sampler?: LoopSampler;
  /** Names of inputs whose role is known; others are found by structure. */
  readonly roles?: { readonly latent?: string; readonly timestep?: string };
  /** Engine that the emitted models are rewritten for; left out: they run on any. */
  readonly target?: Target;
  /** Sizes for the symbols that stay: for the figures in reports, and for choices of the target. */
  readonly sizes?: Readonly<Record<string, number>>;
  /**
   * onnxruntime, for folding constants: `import * as ort from 'onnxruntime-web'` in a browser; `false` to do
   * without. Default: onnxruntime-node in Node, if it is installed; none elsewhere.
   */
  readonly engine?: Engine | false;
}

/** Those by which a model is read, before it is known what is made of it. */
export type PrepareOptions = Pick<
  PipelineOptions,
  'shapes' | 'freeze' | 'roles' | 'sizes' | 'guidance' | 'engine' | keyof WatchOptions
>;
