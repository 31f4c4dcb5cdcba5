/**
 * The way from a model to something that can be written: canonical form, sites and strategies from
 * the passes, the plan, programs, models. A pipeline is immutable: `use` returns a new one.
 */

import {
  badCalls,
  feedUnknown,
  oddCalls,
  oddGuidanceBatch,
  timestepsEmpty,
  timestepsInvalid,
  timestepsLength,
  unknownOpset,
} from '../../errors/index.js';
import { concreteShapes, type ShapeOf } from '../../model/cost/index.js';
import { holding } from '../../model/files/held-file.js';
import { cloneModel } from '../../model/ir/clone.js';
import type { Graph } from '../../model/ir/graph.js';
import { type Model, opsetVersion } from '../../model/ir/model.js';
import { dropLeftOvers } from '../../model/onnx/left-overs.js';
import {
  type Followers,
  fixInputShapes,
  freezeSymbols,
  type ShapeTable,
} from '../../model/shape/index.js';
import type { VaeScale } from '../../runtime/model-folder/index.js';
import type { Engine } from '../../runtime/ort/index.js';
import type { LoopSampler, SamplerName } from '../../runtime/samplers/index.js';
import { samplerInLoop } from '../../runtime/samplers/of-schedule.js';
import {
  type GuidancePair,
  type LoopPlaces,
  type LoopShape,
  type PlanFile,
  stepsOfCalls,
  timestepProblems,
} from '../../runtime/schedule/index.js';
import { findInputRoles, findWholeLoop, type InputRoles } from '../analysis/index.js';
import { canonicalize, type TraceEntry } from '../canonicalize/index.js';
import {
  type EmitForm,
  type Instrumented,
  isWholePlan,
  type Lowered,
  lower,
  type WholePlanForm,
} from '../lower/index.js';
import { checkOptions, type Pass, type PassContext, passContext } from '../pass/index.js';
import {
  groupRows,
  makePlan,
  overridePlan,
  type Plan,
  type PlanLoop,
  siteCosts,
  withPlacedRows,
} from '../plan/index.js';
import { type PassOrigin, Watch, type WatchOptions } from '../stages/index.js';
import { rewriteFor, type Target, type TargetResult } from '../targets/target.js';
import { chooseBindings, inputFollowers } from './bindings.js';
import { refuseHidden } from './hidden.js';
import { MOST_CALLS } from './limits.js';
import { proposalLines } from './proposal-lines.js';
import { findStrays } from './strays.js';

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

/** What a pipeline makes of a model, in memory. */
export interface Compilation {
  /** The model as it was given. */
  readonly source: Model;
  /** Its canonical form, which sites and plans speak of. */
  readonly canonical: Model;
  readonly shapes: ShapeTable;
  readonly roles: InputRoles;
  readonly bindings: ReadonlyMap<string, number>;
  /**
   * Symbols of the inputs whose sizes follow from others'.
   * @internal
   */
  readonly followers?: Followers;
  /** What canonicalization rewrote, in order. */
  readonly trace: readonly TraceEntry[];
  /** What it left undone, and what of the file was left out, and why: sentences without a full stop. */
  readonly notes: readonly string[];
  readonly guidance?: GuidancePair | undefined;
  readonly timesteps?: readonly number[] | undefined;
  readonly sampler?: LoopSampler | undefined;
  /** The loop that the plan is for. */
  readonly loop: LoopShape;
  /** The passes with the options that were given, in order. */
  readonly passes: readonly {
    readonly pass: string;
    readonly options: Readonly<Record<string, unknown>>;
  }[];
  readonly plan: Plan;
  /** @internal */
  readonly instrumented: Instrumented;
  /** @internal */
  readonly lowered: Lowered;
  /** What the form `loop` holds beside the plan. */
  readonly whole?: WholeLoop | undefined;
  /**
   * The form that what is lowered is yet to be given, where that is one for the whole plan.
   * @internal
   */
  readonly form?: WholePlanForm | undefined;
  /** What was rewritten for the target, and what was left and why, by model. */
  readonly target?:
    | { readonly name: string; readonly models: ReadonlyMap<string, TargetResult> }
    | undefined;
}

/** Operators of later sets may mean something else under the same name. */
const NEWEST_OPSET = 26;

/** A pass with its options. */
interface Entry extends PassOrigin {
  readonly options: Readonly<Record<string, unknown>>;
  readonly prepare: ((context: PassContext) => void) | undefined;
  propose(context: PassContext): ReturnType<Pass['propose']>;
}

export class Pipeline {
  private constructor(
    readonly options: PipelineOptions,
    private readonly entries: readonly Entry[],
  ) {}

  /**
   * @throws PLAN_BAD_CALLS, GUIDANCE_ODD_CALLS, TIMESTEPS_LENGTH, TIMESTEPS_INVALID, and what a sampler that cannot be
   *   made throws
   */
  static create(options: PipelineOptions): Pipeline {
    if (!Number.isInteger(options.calls) || options.calls < 1 || options.calls > MOST_CALLS)
      throw badCalls(options.calls, MOST_CALLS);
    if (!Number.isInteger(stepsOfCalls(options.calls, options.guidance)))
      throw oddCalls(options.calls);
    if (options.timesteps) checkTimesteps(options.timesteps, options);
    if (options.sampler) checkSampler(options.sampler, options);
    return new Pipeline(options, []);
  }

  /**
   * A pipeline with one more pass.
   * @throws PASS_OPTION when the options do not fit the pass's schema
   */
  use<O>(pass: Pass<O>, options: Partial<O> = {}): Pipeline {
    const checked = checkOptions(pass, options as Record<string, unknown>);
    return new Pipeline(this.options, [
      ...this.entries,
      {
        pass: pass.name,
        options: Object.fromEntries(
          Object.keys(options).map((key) => [key, (checked as Record<string, unknown>)[key]]),
        ),
        plugin: pass.plugin,
        prepare: pass.prepare && ((context) => pass.prepare?.(context, checked)),
        propose: (context) => pass.propose(context, checked),
      },
    ]);
  }

  /**
   * Compiles a model, which is left as it is.
   * @throws StepfoldError whatever a step finds wrong, naming node, option or file
   */
  compile(source: Model): Promise<Compilation> {
    return holding(() => this.compileOnce(source));
  }

  private async compileOnce(source: Model): Promise<Compilation> {
    const watch = new Watch(this.options, source);
    const prepared = await prepareOnce(source, this.options, watch);
    const { canonical, shapes, bindings, roles } = prepared;
    const { calls, guidance, timesteps, sampler } = this.options;
    const places = { ...this.options.places, ...(timesteps && { timesteps }) };
    if (guidance?.mode === 'batch') refuseOddBatch(prepared);
    const context = passContext(canonical, shapes, calls, bindings, guidance, roles, places);
    for (const entry of this.entries) prepareFor(entry, context, watch);
    const proposals = this.entries.map((entry) => proposalOf(entry, context, watch));
    const loop = this.loop(places);
    const { plan: file, fixedLoop } = this.options;
    const known = { guidance, timesteps: loop.timesteps, start: loop.start };
    const proposed = makePlan(calls, proposals, known);
    const asked = file ? overridePlan(proposed, file, known, fixedLoop) : proposed;
    const plan = this.grouped(asked, known, canonical.graph, concreteShapes(shapes, bindings));
    const { emit } = this.options;
    const one = isWholePlan(emit);
    const { lowered, instrumented } = lower(canonical, shapes, plan, one ? 'merged' : emit, {
      maxPrograms: this.options.maxPrograms,
      watch,
      ...(!fixedLoop && !one && { loop: { shape: loop, guidance } }),
    });
    refuseHidden(canonical.graph, proposals, plan, instrumented);
    const target = this.forTarget(lowered, bindings, watch);
    const whole = await this.whole();
    const passes = this.entries.map(({ pass, options }) => ({ pass, options }));
    const notes = [...prepared.notes, ...placedNotes(file, calls)];
    const made = { loop, passes, plan, lowered, instrumented, target };
    const held = one && { form: emit, whole };
    return { ...prepared, notes, guidance, timesteps, sampler, ...made, ...held };
  }

  /** With the decoder in canonical form. */
  private async whole(): Promise<WholeLoop | undefined> {
    const { whole, emit, engine } = this.options;
    if (emit !== 'loop' || !whole?.decoder) return whole;
    const { decoder } = whole;
    const options = engine === undefined ? {} : { engine };
    const { canonical } = await prepareOnce(decoder.model, options, new Watch({}, decoder.model));
    return { ...whole, decoder: { ...decoder, model: canonical } };
  }

  /** Last of all, so that sites, plans and proofs speak of the graph as it was given. */
  private forTarget(
    { models }: Lowered,
    sizes: ReadonlyMap<string, number>,
    watch: Watch,
  ): Compilation['target'] {
    const { target } = this.options;
    if (!target) return undefined;
    const results = [...models].map(([id, model]) => {
      const result = rewriteFor(model, target, sizes, watch);
      watch.tell(`${target.name}-${id}`, model);
      return [id, result] as const;
    });
    return { name: target.name, models: new Map(results) };
  }

  private loop({ timesteps }: LoopPlaces): LoopShape {
    const { calls, guidance, start = 0 } = this.options;
    return { steps: stepsOfCalls(calls, guidance) + start, start, ...(timesteps && { timesteps }) };
  }

  private grouped(plan: Plan, loop: PlanLoop, graph: Graph, shapeOf: ShapeOf): Plan {
    const { maxPrograms } = this.options;
    if (maxPrograms === undefined) return plan;
    const grouped = groupRows(plan, { maxPrograms, cost: siteCosts(graph, shapeOf) });
    return grouped === plan ? plan : withPlacedRows(grouped, loop);
  }
}

/** What is said of a plan for another loop. */
const placedNotes = (file: PlanFile | undefined, calls: number): string[] =>
  file && file.calls !== calls
    ? [
        `the plan is for ${file.calls} calls, and is placed in this loop of ${calls}: each step takes what the plan has where it lies`,
      ]
    : [];

/** @throws GRAPH_BROKEN, PASS_BROKE_GRAPH */
function prepareFor({ prepare, ...by }: Entry, context: PassContext, watch: Watch): void {
  if (!prepare) return;
  prepare(context);
  watch.check({ name: `${by.pass}: prepare`, by }, context.model);
  watch.tell(`${by.pass}-prepared`, context.model);
}

/** @throws GRAPH_BROKEN, PASS_BROKE_GRAPH */
function proposalOf(by: Entry, context: PassContext, watch: Watch) {
  const proposal = by.propose(context);
  const found = findStrays(proposal, context.model.graph);
  watch.check({ name: `${by.pass}: propose`, by, found }, context.model);
  watch.own(proposal.sites, by);
  watch.tell(by.pass, context.model, proposalLines(proposal));
  return proposal;
}

/** @throws TIMESTEPS_LENGTH, TIMESTEPS_INVALID */
function checkTimesteps(
  timesteps: readonly number[],
  { calls, guidance }: Pick<PipelineOptions, 'calls' | 'guidance'>,
): void {
  if (timesteps.length === 0) throw timestepsEmpty();
  const [problem] = timestepProblems(timesteps);
  if (problem) throw timestepsInvalid(problem.index, problem.message);
  const steps = stepsOfCalls(calls, guidance);
  if (timesteps.length !== steps) throw timestepsLength(timesteps.length, { steps, calls });
}

/** @throws GUIDANCE_BATCH when the model's batch is fixed and is no pair */
function refuseOddBatch({ canonical, shapes, roles }: Prepared): void {
  const latent = roles.latent === undefined ? undefined : canonical.graph.find(roles.latent);
  const batch = latent && shapes.shape(latent)?.[0]?.constant;
  if (latent && batch !== undefined && batch % 2 !== 0) throw oddGuidanceBatch(latent.name, batch);
}

/** @throws SAMPLER_CALLS, and what `createSampler` throws */
function checkSampler(
  sampler: LoopSampler,
  { calls, guidance, start = 0, timesteps }: PipelineOptions,
): void {
  const steps = stepsOfCalls(calls, guidance) + start;
  samplerInLoop(sampler, { steps, start }, start === 0 ? timesteps : undefined);
}

type PrepareOptions = Pick<
  PipelineOptions,
  'shapes' | 'freeze' | 'roles' | 'sizes' | 'guidance' | 'engine' | keyof WatchOptions
>;

/** Canonical form, shapes, roles and sizes of a model: what every command starts from. */
export function prepare(source: Model, options: PrepareOptions = {}) {
  return holding(() => prepareOnce(source, options, new Watch(options, source)));
}

/** What `prepare` makes of a model. */
export type Prepared = Awaited<ReturnType<typeof prepareOnce>>;

async function prepareOnce(source: Model, options: PrepareOptions, watch: Watch) {
  const opset = opsetVersion(source);
  if (opset > NEWEST_OPSET) throw unknownOpset(opset, NEWEST_OPSET);
  watch.tell('source', source);
  const { model: canonical } = cloneModel(source);
  const leftOut = dropLeftOvers(canonical);
  if (options.shapes) fixInputShapes(canonical, options.shapes);
  if (options.freeze) freezeSymbols(canonical, options.freeze);
  const { shapes, trace, notes } = await canonicalize.run(canonical, {
    ...(options.engine !== undefined && { engine: options.engine }),
    watch,
  });
  watch.tell('canonical', canonical);
  const names = canonical.graph.inputs.map((v) => v.name);
  for (const name of Object.values(options.roles ?? {}))
    if (!names.includes(name)) throw feedUnknown(name, names);
  const roles = findInputRoles(canonical.graph, shapes, options.roles);
  const given = new Map(Object.entries(options.sizes ?? {}));
  const { graph } = canonical;
  const wholeLoop = findWholeLoop(graph);
  const followers = inputFollowers(graph, shapes, roles, given);
  const bindings = chooseBindings(graph, shapes, roles, given, options.guidance, followers);
  return {
    source,
    canonical,
    shapes,
    roles,
    bindings,
    followers,
    trace,
    notes: [...leftOut, ...notes, ...(wholeLoop ? [wholeLoop] : [])],
  };
}
