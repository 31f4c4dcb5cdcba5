/**
 * The models of a variant, opened: what a full call runs, and what each call that is none. Whatever a call reads is
 * handed to it, so that a loop can be gone on with from any place.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { programMacs } from '../../../compiler/emit/program-macs.js';
import { lower, type Run } from '../../../compiler/lower/index.js';
import { COMPUTE, makePlan } from '../../../compiler/plan/index.js';
import { concreteShapes, graphCost } from '../../../model/cost/index.js';
import type { Model } from '../../../model/ir/model.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import { withoutSpinning } from '../../../runtime/session/spinning.js';
import { constantTensor } from '../../../runtime/session/tensors.js';
import { type Ort, runModel } from '../../measure/engine.js';
import { openModels } from '../../measure/scratch.js';
import { callHistory, type History, type Kept, valueAt } from '../history.js';
import type { Variant } from './variants.js';

export interface ProgramSources {
  readonly ort: Ort;
  /** The canonical model, as the sites speak of it. */
  readonly model: Model;
  readonly shapes: ShapeTable;
  readonly bindings: ReadonlyMap<string, number>;
  readonly callsPerStep: number;
  readonly steps: number;
  readonly sessionOptions: InferenceSession.SessionOptions;
}

export interface CallResult {
  readonly outputs: InferenceSession.ReturnType;
  readonly kept: ReadonlyMap<string, Kept>;
}

export interface Program {
  readonly run: Run;
  readonly session: InferenceSession;
  /** Of one evaluation of the source. */
  readonly share: number;
}

export interface VariantPrograms {
  readonly callsPerStep: number;
  /** Of one evaluation of the source, what a call that is not full takes at most; 0 where there is none. */
  readonly otherShare: number;
  full(call: number): Program;
  /** Of a call that is not full. */
  other(call: number): Program;
  release(): Promise<void>;
}

/** @throws what lowering throws, ENGINE_REFUSED */
export async function openPrograms(
  sources: ProgramSources,
  { proposal, depth }: Variant,
): Promise<VariantPrograms> {
  const { model, shapes, callsPerStep, steps, ort } = sources;
  const { sites, entries } = proposal;
  // so many full steps that histories fill, and then every other step there is: never meant to be run as such
  const ahead = depth * callsPerStep;
  const column = (id: string) => [
    ...Array<string>(ahead).fill(COMPUTE),
    ...(entries[id] ?? Array<string>(steps * callsPerStep).fill(COMPUTE)).slice(callsPerStep),
  ];
  const covering = makePlan(ahead + (steps - 1) * callsPerStep, [
    { sites, entries: Object.fromEntries(sites.map(({ id }) => [id, column(id)])) },
  ]);
  const { lowered, instrumented } = lower(model, shapes, covering, 'split');
  const shares = sharesOf(sources, lowered, instrumented);
  const models = [...lowered.models];
  const opened = await openModels(
    ort,
    models.map(([name, own]) => ({
      name,
      model: own,
      options: withoutSpinning(sources.sessionOptions),
    })),
  );
  const sessions = new Map(models.map(([name], i) => [name, opened[i]!]));
  const programOf = (at: number): Program => {
    const name = instrumented.calls[at]!;
    const [run] = lowered.programs.get(name)!;
    return { run: run!, session: sessions.get(run!.model)!, share: shares.get(name)! };
  };
  const others = Array.from({ length: (steps - 1) * callsPerStep }, (_, i) => programOf(ahead + i));
  return {
    callsPerStep,
    otherShare: Math.max(0, ...others.map(({ share }) => share)),
    full: (call) => programOf(ahead - callsPerStep + (call % callsPerStep)),
    other: (call) => programOf(ahead - callsPerStep + call),
    async release() {
      for (const session of sessions.values()) await session.release();
    },
  };
}

function sharesOf(
  { model, shapes, bindings }: ProgramSources,
  lowered: ReturnType<typeof lower>['lowered'],
  { states }: ReturnType<typeof lower>['instrumented'],
): Map<string, number> {
  const source = graphCost(model.graph, concreteShapes(shapes, bindings)).macs.all;
  const counted = {
    ...lowered,
    states: Object.fromEntries([...states].map(([id, { shape }]) => [id, [...shape]])),
  };
  const macs = programMacs(counted, bindings);
  return new Map([...macs].map(([name, { all }]) => [name, source > 0 ? all / source : 1]));
}

/**
 * @param history what earlier calls left, that of this variant's states
 * @throws ENGINE_FAILED
 */
export async function runProgram(
  ort: Ort,
  { run, session }: Program,
  { histories, parameters }: Variant,
  feeds: InferenceSession.FeedsType,
  call: number,
  history: History,
): Promise<CallResult> {
  const engine = ort as never;
  const all: Record<string, Tensor> = {};
  for (const name of session.inputNames) if (feeds[name]) all[name] = feeds[name] as Tensor;
  for (const [input, constant] of Object.entries(run.constants ?? {}))
    all[input] = constantTensor(engine, constant);
  for (const [input, id] of Object.entries(run.reads ?? {})) {
    const parameter = parameters.get(id);
    all[input] = parameter
      ? constantTensor(engine, {
          type: 'float32',
          shape: [...parameter.shape],
          data: [...parameter.at(callHistory(history, call))],
        })
      : valueAt(history, histories.placeOf(id))!;
  }
  const outputs = await runModel(session, all, `the model of call ${call}`);
  const kept = Object.entries(run.writes ?? {}).map(
    ([state, output]) => [state, { call, tensor: outputs[output]! as Tensor }] as const,
  );
  return { outputs, kept: new Map(kept) };
}
