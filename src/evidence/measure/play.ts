/**
 * Plays calls of a schedule by the letter of docs/schedule.md, for `verify`: plain code that knows
 * nothing of `ScheduledSession`, runs the calls that it is told to, and feeds noise wherever a schedule
 * says that nothing depends on an input. What the engine gives is held against what the schedule says
 * of it. Keeps every model open, as a session does.
 */
import path from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Problem } from '../../errors/index.js';
import type { Model } from '../../model/ir/model.js';
import { loadModel } from '../../model/onnx/files.js';
import { sizeOf } from '../../model/shape/index.js';
import { createRandom } from '../../runtime/samplers/index.js';
import {
  type Constant,
  callsOf,
  counterOf,
  type Dimension,
  type Run,
  runAt,
  type Schedule,
  type State,
} from '../../runtime/schedule/index.js';
import { pointer } from '../../runtime/schedule/pointer.js';
import { outputNotGiven } from '../../runtime/session/steps.js';
import { constantTensor } from '../../runtime/session/tensors.js';
import { type Ort, openModel, runModel } from './engine.js';
import { type Feeds, tensorOf } from './feeds.js';
import { type Keep, openModels } from './scratch.js';

export interface PlayOptions {
  readonly ort: Ort;
  readonly folder: string;
  readonly schedule: Schedule;
  readonly session: InferenceSession.SessionOptions;
  /** Sizes of the symbols in the feeds. */
  readonly bindings: ReadonlyMap<string, number>;
  /** Changes a model before it is opened. */
  readonly prepare?: ((model: Model) => void) | undefined;
  /** Keeps models open that were changed. */
  readonly keep?: Keep | undefined;
}

export class Player {
  /** What the schedule says of states and outputs, and the engine gives otherwise; by place. */
  readonly problems = new Map<string, Problem>();
  private readonly states = new Map<string, Tensor>();
  private readonly noise = repeatedNoise();

  private constructor(
    private readonly options: PlayOptions,
    private readonly sessions: ReadonlyMap<string, InferenceSession>,
  ) {
    for (const [state, { type, shape, initial }] of Object.entries(options.schedule.states))
      if (initial)
        this.states.set(
          state,
          constantTensor(options.ort as never, { type, shape, data: initial } as Constant),
        );
  }

  /**
   * Opens the models of some programs.
   * @throws ENGINE_REFUSED
   */
  static async open(options: PlayOptions, programs: Iterable<string>): Promise<Player> {
    const { schedule } = options;
    const runs = [...programs].flatMap((name) => schedule.programs[name]!.runs);
    const sessions = new Map<string, InferenceSession>();
    const player = new Player(options, sessions);
    try {
      for (const id of new Set(runs.map((run) => run.model))) {
        sessions.set(id, await open(schedule.models[id]!.file, options));
      }
      return player;
    } catch (error) {
      await player.release();
      throw error;
    }
  }

  /**
   * One call: the runs of a program in order, and then its writes.
   * @param call whose parameters it is fed; by default the first of the program
   * @throws ENGINE_FAILED, SCHEDULE_MODEL_MISMATCH
   */
  async play(
    program: string,
    feeds: Feeds,
    call = callsOf(this.options.schedule).firstOf(program),
  ): Promise<Record<string, Tensor>> {
    const { schedule } = this.options;
    const wires = new Map<string, Tensor>();
    const written = new Map<string, Tensor>();
    const outputs: Record<string, Tensor> = {};
    const counter = counterOf(schedule.states);
    for (const [r, given] of schedule.programs[program]!.runs.entries()) {
      // calls are played that lie anywhere in the loop
      const run = counter === undefined ? given : runAt(given, counter, call);
      const session = this.session(run);
      const results = await this.run(session, run, call, feeds, wires);
      for (const { name } of schedule.source.outputs)
        if (results[name] && !outputs[name]) outputs[name] = results[name];
      for (const [wire, output] of Object.entries(run.gives ?? {}))
        wires.set(wire, results[output]!);
      for (const [state, output] of Object.entries(run.writes ?? {})) {
        written.set(state, results[output]!);
        const at = pointer('programs', program, 'runs', r, 'writes', state);
        this.compare(pointer('states', state), schedule.states[state]!, results[output]!, at);
      }
    }
    for (const [state, tensor] of written) this.write(state, tensor);
    schedule.source.outputs.forEach((port, i) => {
      const tensor = outputs[port.name];
      if (!tensor) throw outputNotGiven(schedule, program, port.name);
      this.compare(pointer('source', 'outputs', i), port, tensor, `program "${program}"`);
    });
    return outputs;
  }

  /** Where a run's model lies open. */
  session({ model }: Pick<Run, 'model'>): InferenceSession {
    return this.sessions.get(model)!;
  }

  /** The state that follows takes what this one had, and where it had nothing what it has now. */
  private write(state: string, tensor: Tensor): void {
    const follower = Object.entries(this.options.schedule.states).find(
      ([, { follows }]) => follows === state,
    );
    if (follower) this.write(follower[0], this.states.get(state) ?? tensor);
    this.states.set(state, tensor);
  }

  async release(): Promise<void> {
    for (const session of this.sessions.values()) await session.release();
  }

  private async run(
    session: InferenceSession,
    run: Run,
    call: number,
    feeds: Feeds,
    wires: ReadonlyMap<string, Tensor>,
  ): Promise<Record<string, Tensor>> {
    const { ort, schedule } = this.options;
    const all: Feeds = {};
    for (const { name } of schedule.source.inputs)
      if (session.inputNames.includes(name)) all[name] = feeds[name]!;
    for (const [input, constant] of Object.entries(run.constants ?? {}))
      all[input] = constantTensor(ort as never, constant);
    for (const [input, id] of Object.entries(run.parameters ?? {})) {
      const { shape } = schedule.parameters![id]!;
      const fed = Float32Array.from(callsOf(schedule).fedAt(id, call)!);
      all[input] = new ort.Tensor('float32', fed, shape) as never;
    }
    for (const [input, wire] of Object.entries(run.takes ?? {})) all[input] = wires.get(wire)!;
    for (const [input, state] of Object.entries(run.reads ?? {}))
      all[input] = this.states.get(state)!;
    for (const [input, state] of Object.entries(run.unused ?? {}))
      all[input] = this.anything(state, schedule.states[state]!);
    const fetches = new Set([
      ...schedule.source.outputs.map(({ name }) => name),
      ...Object.values(run.writes ?? {}),
      ...Object.values(run.gives ?? {}),
    ]);
    const has = session.outputNames.filter((name) => fetches.has(name));
    const what = `"${schedule.models[run.model]!.file}"`;
    return (await runModel(session, all, what, has)) as Record<string, Tensor>;
  }

  /** Noise of a state's size, so that a result that depends on it after all is another one. */
  private anything(name: string, { type, shape }: State): Tensor {
    const { ort } = this.options;
    const present = this.states.get(name)?.dims;
    const dims = shape.map((dim, axis) => this.size(dim) ?? present?.[axis] ?? 1);
    return tensorOf(ort.Tensor as never, { name, type }, dims, this.noise);
  }

  private compare(
    path: string,
    says: { readonly type: string; readonly shape: readonly Dimension[] },
    { type, dims }: Tensor,
    at: string,
  ): void {
    const is = `where ${at} gives ${type} [${dims.join(', ')}]`;
    if (type !== says.type)
      this.problems.set(`${path}/type`, {
        path: `${path}/type`,
        message: `says ${says.type}, ${is}`,
      });
    const differs =
      says.shape.length !== dims.length ||
      says.shape.some((dim, axis) => (this.size(dim) ?? dims[axis]) !== dims[axis]);
    if (differs)
      this.problems.set(`${path}/shape`, {
        path: `${path}/shape`,
        message: `says [${says.shape.map((dim) => dim ?? '?').join(', ')}], ${is}`,
      });
  }

  /** Undefined where nothing is known. */
  private size(dim: Dimension): number | undefined {
    return sizeOf(dim, this.options.bindings);
  }
}

/** So many numbers that no size of a row is a multiple of them: drawing all of them anew took longer than many a call. */
const NOISE = 4099;

function repeatedNoise() {
  const random = createRandom(1);
  const numbers = random.normals(NOISE);
  let next = 0;
  return {
    real: () => {
      next = (next + 1) % NOISE;
      return numbers[next]!;
    },
    whole: () => random.integer(2),
  };
}

async function open(
  name: string,
  { ort, folder, session, prepare, keep }: PlayOptions,
): Promise<InferenceSession> {
  const file = path.join(folder, name);
  if (!prepare) return openModel(ort, file, session);
  const model = loadModel(file);
  prepare(model);
  const changed = { name: 'program', model, options: session };
  const [opened] = await openModels(ort, [changed], undefined, keep);
  return opened!;
}
