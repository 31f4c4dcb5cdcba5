/**
 * A bundle's programs, loaded once for all images: they depend on no list of calls, and hold nothing of an
 * image's.
 */
import type { Schedule } from '../../generated/schedule.js';
import type { Engine } from './engine.js';
import type { Models } from './models.js';
import { prepareSteps, type Step } from './steps.js';
import { Turns } from './turns.js';

export class Programs {
  readonly #steps = new Map<string, readonly Step[]>();
  readonly #turns = new Turns();

  constructor(
    readonly engine: Engine,
    private readonly schedule: Pick<Schedule, 'source' | 'models' | 'programs'>,
    private readonly models: Models,
  ) {}

  /** Gives the engine to one call, or one load, at a time. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(work);
  }

  /**
   * To be called in turn.
   * @throws StepfoldError MODEL_LOAD_FAILED, SCHEDULE_MODEL_MISMATCH
   */
  async prepare(program: string): Promise<readonly Step[]> {
    let steps = this.#steps.get(program);
    if (!steps) {
      steps = await prepareSteps(this.engine, this.schedule, this.models, program);
      this.#steps.set(program, steps);
    }
    return steps;
  }

  release(): Promise<void> {
    this.#steps.clear();
    return this.models.release();
  }
}
