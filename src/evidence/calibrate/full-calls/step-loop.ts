/**
 * The denoising loop, step by step, where each step is full or is not. Positions are values: a loop can be gone on with
 * from any of them in more than one way.
 */
import type { InferenceSession } from 'onnxruntime-common';
import {
  type DenoiseSteps,
  denoiseSteps,
  type Sampler,
  type Trajectory,
} from '../../../runtime/samplers/index.js';
import { type Batches, countOf, joinOutputs, splitFeeds } from '../../measure/batches.js';
import type { DenoiserPorts } from '../../measure/denoise-bundle.js';
import type { Ort } from '../../measure/engine.js';
import { type GenerateOptions, startLoop } from '../../measure/generate.js';
import { type History, NOTHING, withKept } from '../history.js';
import { type Program, runProgram, type VariantPrograms } from './programs.js';
import type { Variant } from './variants.js';

export interface Position {
  /** Steps that were taken. */
  readonly step: number;
  readonly trajectory: Trajectory;
  /** Of each batch, one after another: where all images do not fit the model's batch. */
  readonly histories: readonly History[];
}

export interface OpenVariant {
  readonly variant: Variant;
  readonly programs: VariantPrograms;
}

export interface StepLoopOptions {
  readonly ort: Ort;
  readonly ports: DenoiserPorts;
  readonly loop: Omit<GenerateOptions, 'sampler'>;
  readonly sampler: Sampler;
  readonly batches?: Batches | undefined;
  /** The most values of a state that some variant takes. */
  readonly depth: number;
  /** Called when a step is done, with the evaluations of the model that it took. */
  readonly onStep?: ((evaluations: number) => void) | undefined;
}

export class StepLoop {
  /** Work done, in evaluations of the whole model on all images of the loop. */
  evaluations = 0;
  /** What the call that runs now is, and what it takes. */
  #now: { readonly open: OpenVariant; readonly full: boolean; histories: readonly History[] } =
    undefined as never;
  /** What each step of a sampler that draws has drawn: the same however often it is taken. */
  readonly #noise = new Map<number, Float32Array>();

  private constructor(
    private readonly options: StepLoopOptions,
    private readonly steps: DenoiseSteps,
    readonly length: number,
  ) {}

  /** @throws what `startLoop` throws */
  static async open(options: StepLoopOptions): Promise<StepLoop> {
    let made: StepLoop | undefined;
    const { loop } = await startLoop(
      {
        ports: options.ports,
        calls: undefined,
        counts: new Map(),
        reset() {},
        call: (feeds, { call }) => made!.#call(feeds, call),
        async release() {},
      },
      { ...options.loop, sampler: options.sampler },
    );
    made = new StepLoop(options, denoiseSteps(loop), options.sampler.timesteps.length);
    return made;
  }

  start(): Position {
    const { batches } = this.options;
    const count = batches ? countOf(batches) : 1;
    return {
      step: 0,
      trajectory: this.steps.start(),
      histories: Array<History>(count).fill(NOTHING),
    };
  }

  /**
   * The next step, full or as the variant has it.
   * @throws DENOISE_NOT_FINITE
   */
  async next(from: Position, open: OpenVariant, full: boolean): Promise<Position> {
    const before = this.evaluations;
    this.#now = { open, full, histories: from.histories };
    const { trajectory } = await this.steps.step(from.trajectory, from.step, () =>
      this.#noiseOf(from.step),
    );
    this.options.onStep?.(this.evaluations - before);
    return { step: from.step + 1, trajectory, histories: this.#now.histories };
  }

  #noiseOf(step: number): Float32Array {
    const known = this.#noise.get(step) ?? this.steps.draw();
    this.#noise.set(step, known);
    return known;
  }

  async #call(
    feeds: InferenceSession.FeedsType,
    call: number,
  ): Promise<InferenceSession.ReturnType> {
    const { ort, batches, depth } = this.options;
    const { open, full, histories } = this.#now;
    const program: Program = full ? open.programs.full(call) : open.programs.other(call);
    const parts = batches ? splitFeeds(ort.Tensor as never, batches, feeds) : [feeds];
    const results: InferenceSession.ReturnType[] = [];
    const next: History[] = [];
    for (const [i, part] of parts.entries()) {
      const result = await runProgram(ort, program, open.variant, part, call, histories[i]!);
      results.push(result.outputs);
      next.push(withKept(histories[i]!, result.kept, depth));
    }
    this.#now.histories = next;
    this.evaluations += program.share;
    return batches ? joinOutputs(ort.Tensor as never, batches, results) : results[0]!;
  }
}
