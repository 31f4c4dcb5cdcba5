/** What an image has in this thread: its states, and the programs that it shares with others. */
import type { Schedule } from '../../generated/schedule.js';
import { bind } from './bindings.js';
import { Call } from './call.js';
import type { CallRequest, ImageRunner } from './image-surface.js';
import type { Programs } from './programs.js';
import type { SavedImage, SavedStates } from './saved-image.js';
import { States } from './states.js';

export class LocalImage implements ImageRunner {
  #states: States;

  constructor(
    private readonly programs: Programs,
    private schedule: Schedule,
  ) {
    this.#states = new States(programs.engine, schedule);
  }

  execute(request: CallRequest) {
    return this.programs.inTurn(() => this.#call(request));
  }

  async #call(request: CallRequest) {
    const { schedule, programs } = this;
    const start = performance.now();
    const steps = await programs.prepare(request.program);
    const bindings = bind(schedule.source.inputs, request.feeds);
    const states = request.anew ? new States(programs.engine, schedule) : this.#states;
    const call = new Call(programs.engine, states, schedule, request, bindings);
    try {
      for (const step of steps) await call.run(step);
      const outputs = await call.finish();
      if (request.anew) this.#states.clear();
      this.#states = states;
      return { outputs, milliseconds: performance.now() - start };
    } catch (error) {
      call.abandon();
      throw error;
    }
  }

  forget(): void {
    this.#states.clear();
  }

  follow(schedule: Schedule): void {
    this.#states.clear();
    this.schedule = schedule;
    this.#states = new States(this.programs.engine, schedule);
  }

  save(): Promise<SavedStates> {
    return this.programs.inTurn(() => this.#states.save());
  }

  restore({ states }: SavedImage): void {
    this.#states.restore(states);
  }

  async close(): Promise<void> {
    this.#states.clear();
  }
}
