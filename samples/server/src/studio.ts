/**
 * A bundle, opened once in a worker thread, and images made over it: each with states of its own, whose calls the
 * session makes one by one. The bundle says which sampler and which guidance; a request says the rest.
 */
import { StepfoldError } from 'stepfold';
import {
  findBundle,
  type GenerateOptions,
  generate,
  loopImage,
  openBundle,
  readSchedule,
} from 'stepfold/node';
import { type DenoiserSession, type Sampler, type Schedule, samplerOf } from 'stepfold/runtime';
import type { Made } from './image.js';
import { type ProblemBody, problemOf } from './problem.js';
import type { ImageRequest, Limits } from './request.js';
import { type ImageSizes, imageSizes } from './sizes.js';

export interface StudioOptions {
  /** The bundle's folder, or that of a pipeline with one in it. */
  readonly bundle: string;
  /** What the unconditional half reads, by input. */
  readonly unconditional: Readonly<Record<string, readonly number[]>>;
  /** How many classes an input chooses from. */
  readonly classes: Readonly<Record<string, number>>;
  readonly guidanceScale: number | undefined;
  readonly maxSteps: number;
  readonly threads: number | undefined;
}

/** A mistake of whoever starts the server. */
export class SettingsError extends Error {}

export class Studio {
  #session: DenoiserSession | undefined;
  #ended: ProblemBody | undefined;

  private constructor(
    private readonly options: StudioOptions,
    private readonly schedule: Schedule,
    readonly limits: Limits,
    readonly sizes: ImageSizes,
  ) {}

  /**
   * Reads what the bundle says; loads no model.
   * @throws SettingsError, StepfoldError as `findBundle`, `readSchedule` and `samplerOf` throw
   */
  static async of(given: StudioOptions): Promise<Studio> {
    const options = { ...given, bundle: findBundle(given.bundle) };
    const schedule = await readSchedule(options.bundle);
    const sampler = samplerOf(schedule);
    if (!sampler)
      throw new SettingsError(
        `The bundle "${options.bundle}" does not say which sampler it is for.\nWrite it with \`stepfold transform … --sampler NAME\`, and the options of \`stepfold run\`.`,
      );
    const sizes = imageSizes(schedule, schedule.source.guidance?.mode === 'batch');
    const limits = limitsOf(options, schedule, sizes, sampler);
    return new Studio(options, schedule, limits, sizes);
  }

  /** Why nothing more will come of the models; undefined as long as they are there. */
  get ended(): ProblemBody | undefined {
    return this.#ended;
  }

  /** @throws StepfoldError what `openBundle` throws */
  async load(): Promise<void> {
    const { bundle, threads } = this.options;
    this.#session = await openBundle(bundle, {
      worker: true,
      // every program, since clients ask for loops of any length
      load: 'all',
      sessionOptions: {
        logSeverityLevel: 4,
        ...(threads !== undefined && { intraOpNumThreads: threads }),
      },
    });
  }

  /**
   * Does all that comes before the first call.
   * @throws StepfoldError where the bundle cannot be run so
   */
  async check(request: ImageRequest): Promise<void> {
    const checked = Symbol('checked');
    try {
      await this.#generate(request, {
        onStart: () => {
          throw checked;
        },
      });
    } catch (thrown) {
      if (thrown !== checked) throw thrown;
    }
  }

  /** @throws StepfoldError, and the signal's reason */
  make(request: ImageRequest, signal: AbortSignal, onStep: (done: number) => void): Promise<Made> {
    return this.#generate(request, {
      onStart: () => signal.throwIfAborted(),
      onStep: (done) => {
        onStep(done);
        signal.throwIfAborted();
      },
    });
  }

  async release(): Promise<void> {
    await this.#session?.release();
  }

  async #generate(
    { feeds, seed, steps, guidanceScale: scale }: ImageRequest,
    told: Pick<GenerateOptions, 'onStart' | 'onStep'>,
  ): Promise<Made> {
    const { unconditional } = this.options;
    const { guidance } = this.schedule.source;
    const image = loopImage(this.#session!);
    try {
      const { latent, dims } = await generate(image, {
        sampler: samplerOf(this.schedule, { steps })!,
        seed,
        feeds,
        latentShape: this.sizes.latent,
        ...(scale !== undefined && guidance && { guidance: { ...guidance, scale, unconditional } }),
        ...told,
      });
      return { latent, dims };
    } catch (error) {
      if (error instanceof StepfoldError && error.code === 'WORKER_ENDED')
        this.#ended = problemOf(error).body;
      throw error;
    } finally {
      await image.release();
    }
  }
}

/** @throws SettingsError */
function limitsOf(
  { unconditional, classes, guidanceScale, maxSteps }: StudioOptions,
  { source: { inputs, roles = {}, guidance } }: Schedule,
  { rowOf }: ImageSizes,
  sampler: Sampler,
): Limits {
  const conditions = inputs
    .map(({ name }) => name)
    .filter((name) => name !== roles.latent && name !== roles.timestep);
  for (const name of [...Object.keys(classes), ...Object.keys(unconditional)])
    if (!conditions.includes(name))
      throw new SettingsError(
        `"${name}" is no condition of the model.\nConditions: ${conditions.join(', ') || 'none'}.`,
      );
  const noGuidance = !guidance
    ? 'The bundle was made without `--guidance`.'
    : Object.keys(unconditional).length === 0
      ? 'The server was started without `--unconditional`.'
      : undefined;
  if (guidanceScale !== undefined && noGuidance !== undefined)
    throw new SettingsError(`There can be no \`--guidance-scale\`.\n${noGuidance}`);
  const defaultSteps = sampler.timesteps.length;
  return {
    inputs: new Map(
      conditions.map((name) => [name, { length: rowOf(name), classes: classes[name] }]),
    ),
    defaultSteps,
    maxSteps: Math.max(maxSteps, defaultSteps),
    defaultGuidanceScale: guidanceScale,
    noGuidance,
  };
}
