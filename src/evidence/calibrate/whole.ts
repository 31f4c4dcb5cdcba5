/**
 * The plain way to run a search: one merged model that holds every strategy of every site, run as a
 * whole for every attempt. It takes nothing for granted, so the faster way is held against it.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { type Lowered, lower, type StateInfo } from '../../compiler/lower/index.js';
import type { InterfaceNames } from '../../compiler/lower/names.js';
import type { Engine } from '../../runtime/session/engine.js';
import { constantTensor, placeholder } from '../../runtime/session/tensors.js';
import { runModel } from '../measure/engine.js';
import { openModels } from '../measure/scratch.js';
import type { CallEvaluator, OpenSearch } from './evaluator.js';
import { type Flows, modeFlows } from './flows.js';
import { KeptStates } from './kept-states.js';
import type { Mode } from './modes.js';
import type { SearchSpace } from './space.js';

const MODEL = 'merged';

export const openWhole: OpenSearch = async ({
  ort,
  model,
  shapes,
  space,
  prediction,
  sessionOptions,
}) => {
  const { lowered, instrumented } = lower(model, shapes, space.covering.plan, 'merged', {
    siteBySite: true,
  });
  const flows = modeFlows(space, instrumented);
  const [session] = await openModels(ort, [
    { name: MODEL, model: lowered.models.get(MODEL)!, options: sessionOptions },
  ]);
  const outputs = model.graph.outputs.map((value) => value.name);
  const states = [...instrumented.states.values()];
  const evaluator = new WholeEvaluator(
    ort as unknown as Engine,
    session!,
    space,
    flows,
    lowered,
    states,
    instrumented.names,
    outputs,
    prediction,
  );
  return { evaluator, flows };
};

class WholeEvaluator implements CallEvaluator {
  evaluations = 0;
  readonly #states: KeptStates;
  #feeds: InferenceSession.FeedsType = {};
  #modes: Mode[] = [];

  constructor(
    private readonly engine: Engine,
    private readonly session: InferenceSession,
    private readonly space: SearchSpace,
    private readonly flows: Flows,
    private readonly lowered: Lowered,
    private readonly states: readonly StateInfo[],
    private readonly names: InterfaceNames,
    private readonly outputs: readonly string[],
    private readonly prediction: string,
  ) {
    this.#states = new KeptStates(engine, space.sites, space.histories);
  }

  async begin(feeds: InferenceSession.FeedsType, computed: readonly Mode[]): Promise<Tensor> {
    this.#feeds = feeds;
    this.#modes = [...computed];
    return (await this.#run(this.#modes, 'plain')).outputs[this.prediction]!;
  }

  async attempt(site: number, mode: Mode): Promise<Tensor> {
    const modes = this.#modes.with(site, mode);
    return (await this.#run(modes, 'plain')).outputs[this.prediction]!;
  }

  async fix(site: number, mode: Mode): Promise<void> {
    this.#modes[site] = mode;
  }

  async end(): Promise<InferenceSession.ReturnType> {
    const { outputs, kept } = await this.#run(this.#modes, 'keeping');
    this.#states.take(kept);
    return outputs;
  }

  replay(
    feeds: InferenceSession.FeedsType,
    modes: readonly Mode[],
  ): Promise<InferenceSession.ReturnType> {
    this.#feeds = feeds;
    this.#modes = [...modes];
    return this.end();
  }

  again(): CallEvaluator {
    return new WholeEvaluator(
      this.engine,
      this.session,
      this.space,
      this.flows,
      this.lowered,
      this.states,
      this.names,
      this.outputs,
      this.prediction,
    );
  }

  release(): Promise<void> {
    return this.session.release();
  }

  async #run(
    modes: readonly Mode[],
    program: 'plain' | 'keeping',
  ): Promise<{ outputs: Record<string, Tensor>; kept: Map<string, Tensor> }> {
    const { inputNames } = this.session;
    const feeds: Record<string, Tensor> = {};
    for (const info of this.states)
      feeds[this.names.stateInput(info.id)] = this.#states.read(info.id) ?? this.#nothing(info);
    for (const [s, mode] of modes.entries()) {
      const name = this.names.strategyInput(this.space.sites[s]!.id);
      const [run] = this.lowered.programs.get(this.flows(s, mode)[program])!;
      const constant = run!.constants?.[name];
      if (constant) feeds[name] = constantTensor(this.engine, constant);
    }
    const states =
      program === 'plain' ? [] : modes.flatMap((mode, s) => [...this.flows(s, mode).keeps.keys()]);
    const fed = Object.entries({ ...this.#feeds, ...feeds });
    const results = await runModel(
      this.session,
      Object.fromEntries(fed.filter(([name]) => inputNames.includes(name))),
      'the merged model',
      [...this.outputs, ...states.map((state) => this.names.stateOutput(state))],
    );
    this.evaluations++;
    return {
      outputs: Object.fromEntries(this.outputs.map((name) => [name, results[name]!])),
      kept: new Map(states.map((state) => [state, results[this.names.stateOutput(state)]!])),
    };
  }

  /** For a state that no mode of the row reads. */
  #nothing({ type, shape }: StateInfo): Tensor {
    return placeholder(this.engine, { type: type as 'float32', shape: shape.map((d) => d ?? 1) });
  }
}
