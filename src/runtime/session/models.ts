/**
 * The engine's sessions, one per model, shared by the programs that run it. Each is checked against
 * the schedule when it is loaded: a wrong file is named at once, not at the call that first misses
 * an input.
 */

import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { modelLoadFailed, modelMismatch, StepfoldError } from '../../errors/index.js';
import type { Run, Schedule } from '../../generated/schedule.js';
import type { Bundle, Engine, ExternalData, ScheduledSessionOptions } from './engine.js';
import { withoutSpinning } from './spinning.js';

export class Models {
  readonly #sessions = new Map<string, Promise<InferenceSession>>();
  readonly #data = new Map<string, Promise<ExternalData>>();
  /** Models that are not loaded yet. */
  readonly #waiting: Set<string>;

  constructor(
    private readonly engine: Engine,
    private readonly bundle: Bundle,
    private readonly schedule: Schedule,
    private readonly options: ScheduledSessionOptions,
  ) {
    this.#waiting = new Set(Object.keys(schedule.models));
  }

  /** @throws StepfoldError MODEL_LOAD_FAILED, SCHEDULE_MODEL_MISMATCH, and what the bundle throws */
  get(id: string): Promise<InferenceSession> {
    let session = this.#sessions.get(id);
    if (!session) {
      session = this.#load(id);
      this.#sessions.set(id, session);
      // A load that failed can be tried again.
      session.catch(() => this.#sessions.delete(id));
    }
    return session;
  }

  async release(): Promise<void> {
    const sessions = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    this.#data.clear();
    for (const session of sessions)
      if (session.status === 'fulfilled') await session.value.release();
  }

  async #load(id: string): Promise<InferenceSession> {
    const { file } = this.schedule.models[id]!;
    const runs = Object.values(this.schedule.programs)
      .flatMap((program) => program.runs)
      .filter((run) => run.model === id);
    const session = await this.#create(id, file, runs);
    const misfit = this.#misfit(session, runs);
    if (misfit) {
      await session.release();
      throw modelMismatch(id, file, misfit);
    }
    this.#waiting.delete(id);
    // The sessions have copies of their own by now.
    if (this.#waiting.size === 0) this.#data.clear();
    return session;
  }

  async #create(id: string, file: string, runs: readonly Run[]): Promise<InferenceSession> {
    try {
      const model = await this.bundle.open(file);
      const { sessionOptions } = this.options;
      const options = {
        ...(this.#takeTurns ? withoutSpinning(sessionOptions) : sessionOptions),
        ...this.#locations(runs),
        ...(await this.#externalData()),
      };
      return await (typeof model === 'string'
        ? this.engine.InferenceSession.create(model, options)
        : this.engine.InferenceSession.create(model, options));
    } catch (error) {
      // what could not be fetched says so itself
      if (error instanceof StepfoldError) throw error;
      throw modelLoadFailed(id, file, error);
    }
  }

  /** May a loop run more than one model? */
  get #takeTurns(): boolean {
    const runs = Object.values(this.schedule.programs).flatMap((program) => program.runs);
    return new Set(runs.map((run) => run.model)).size > 1;
  }

  async #externalData(): Promise<InferenceSession.SessionOptions> {
    const { bundle, schedule } = this;
    if (!bundle.externalData || schedule.weights.length === 0) return {};
    const files = schedule.weights.map(async ({ file }) => {
      let data = this.#data.get(file);
      if (!data) {
        data = Promise.resolve(bundle.externalData!(file));
        this.#data.set(file, data);
        data.catch(() => this.#data.delete(file));
      }
      return { path: file, data: await data };
    });
    return { externalData: await Promise.all(files) };
  }

  /** Asks for states and wires where the caller wants them; source outputs keep their own setting. */
  #locations(runs: readonly Run[]): InferenceSession.SessionOptions {
    const { stateLocation, sessionOptions } = this.options;
    if (!stateLocation) return {};
    const base = sessionOptions?.preferredOutputLocation;
    const sourceOutputs = this.schedule.source.outputs.map(({ name }) => name);
    const own: Record<string, Tensor.DataLocation> =
      typeof base === 'string'
        ? Object.fromEntries(sourceOutputs.map((name) => [name, base]))
        : { ...base };
    for (const run of runs)
      for (const output of [...Object.values(run.writes ?? {}), ...Object.values(run.gives ?? {})])
        if (!sourceOutputs.includes(output)) own[output] = stateLocation;
    return { preferredOutputLocation: own };
  }

  /** What the schedule expects of the model and does not find, or the other way round. */
  #misfit(session: InferenceSession, runs: readonly Run[]): string | undefined {
    const feeds = new Set(this.schedule.source.inputs.map(({ name }) => name));
    for (const run of runs) {
      const { reads, parameters, takes, constants, unused, writes = {}, gives = {} } = run;
      const inputs = Object.keys({ ...reads, ...parameters, ...takes, ...constants, ...unused });
      const absent = inputs.find((name) => !session.inputNames.includes(name));
      if (absent !== undefined) return `it has no input "${absent}"`;
      const unfed = session.inputNames.find((name) => !feeds.has(name) && !inputs.includes(name));
      if (unfed !== undefined) return `nothing feeds its input "${unfed}"`;
      const output = [...Object.values(writes), ...Object.values(gives)].find(
        (name) => !session.outputNames.includes(name),
      );
      if (output !== undefined) return `it has no output "${output}"`;
    }
    return undefined;
  }
}
