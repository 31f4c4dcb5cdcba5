/** One call of an image: its models in order, with the states that earlier calls left. */
import type { InferenceSession, OnnxValue, Tensor } from 'onnxruntime-common';
import { runFailed } from '../../errors/index.js';
import type { Schedule } from '../../generated/schedule.js';
import type { Bindings } from './bindings.js';
import type { Engine } from './engine.js';
import type { CallRequest } from './image-surface.js';
import type { States } from './states.js';
import type { Step } from './steps.js';
import { copyOf, dispose, fill, isInMemory, parameterTensor, placeholder } from './tensors.js';

/** One call under way: the tensors it has made so far, none of them taken over yet. */
export class Call {
  readonly #wires = new Map<string, Tensor>();
  readonly #written = new Map<string, Tensor>();
  readonly #outputs: Record<string, OnnxValue> = {};
  /** Every tensor that came from the engine in this call. */
  readonly #made = new Set<Tensor>();
  /**
   * Tensors of the caller's that are filled here: of those in memory onnxruntime-node gives a copy beside, and
   * onnxruntime-web gives them back as they were.
   */
  readonly #targets: ReadonlyMap<string, Tensor>;

  constructor(
    private readonly engine: Engine,
    private readonly states: States,
    private readonly schedule: Schedule,
    private readonly request: CallRequest,
    private readonly bindings: Bindings,
  ) {
    const given = [...request.wanted] as [string, Tensor | null][];
    this.#targets = new Map(
      given.flatMap(([name, tensor]) => (tensor && isInMemory(tensor) ? [[name, tensor]] : [])),
    );
  }

  async run(step: Step): Promise<void> {
    const fetches = this.#fetches(step);
    // Nobody wants anything of this run; an empty list would mean every output to the engine.
    if (Object.keys(fetches).length === 0) return;
    const results = await this.#engineRun(step, this.#feeds(step), fetches);
    const own = new Set(Object.values(fetches));
    for (const value of Object.values(results))
      if (!own.has(value)) this.#made.add(value as Tensor);

    for (const name of step.outputs)
      if (this.request.wanted.has(name)) this.#outputs[name] = results[name]!;
    for (const [wire, output] of step.wires) this.#wires.set(wire, results[output] as Tensor);
    for (const [state, output] of Object.entries(step.run.writes ?? {}))
      this.#written.set(state, results[output] as Tensor);
  }

  /** Takes the writes over and gives the outputs. */
  async finish(): Promise<InferenceSession.ReturnType> {
    for (const [name, target] of this.#targets) {
      await fill(name, target, this.#outputs[name] as Tensor);
      this.#outputs[name] = target;
    }
    const delivered = new Set<OnnxValue>(Object.values(this.#outputs));
    // The caller may change or free what it gets, so a state never shares a tensor with it.
    for (const [state, tensor] of this.#written)
      if (delivered.has(tensor)) this.#written.set(state, await copyOf(this.engine, tensor));
    this.states.commit(this.#written, this.bindings, this.request.call);
    const kept = new Set([...delivered, ...this.#written.values()]);
    for (const tensor of this.#made) if (!kept.has(tensor)) dispose(tensor);
    return this.#outputs;
  }

  /** Frees what the call made; states stay as they were before it. */
  abandon(): void {
    for (const tensor of this.#made) dispose(tensor);
  }

  #feeds({ run, feeds, constants }: Step): Record<string, OnnxValue> {
    const { request, states, schedule } = this;
    const all: Record<string, OnnxValue> = Object.fromEntries(constants);
    for (const name of feeds) all[name] = request.feeds[name]!;
    for (const [input, state] of Object.entries(run.reads ?? {}))
      all[input] = states.read(state, this.bindings, request.call);
    for (const [input, id] of Object.entries(run.parameters ?? {}))
      all[input] = parameterTensor(this.engine, schedule, id, request.call);
    for (const [input, wire] of Object.entries(run.takes ?? {}))
      all[input] = this.#wires.get(wire)!;
    for (const [input, state] of Object.entries(run.unused ?? {}))
      all[input] =
        states.fitting(state, this.bindings) ??
        placeholder(this.engine, schedule.states[state]!, this.bindings);
    return all;
  }

  #fetches({ run, outputs, wires }: Step): Record<string, OnnxValue | null> {
    const fetches: Record<string, OnnxValue | null> = {};
    for (const output of Object.values(run.writes ?? {})) fetches[output] = null;
    for (const [, output] of wires) fetches[output] = null;
    for (const name of outputs) {
      const wanted = this.request.wanted.get(name);
      if (wanted !== undefined) fetches[name] = this.#targets.has(name) ? null : wanted;
    }
    return fetches;
  }

  async #engineRun(
    { session, file }: Step,
    feeds: InferenceSession.FeedsType,
    fetches: InferenceSession.FetchesType,
  ): Promise<InferenceSession.ReturnType> {
    const { call, program, options } = this.request;
    try {
      return await session.run(feeds, fetches, options);
    } catch (error) {
      throw runFailed(call, program, file, error);
    }
  }
}
