/**
 * The way from a model to something that can be written: canonical form, sites and strategies from
 * the passes, the plan, programs, models. A pipeline is immutable: `use` returns a new one.
 */

import { concreteShapes, type ShapeOf } from '../../model/cost/index.js';
import { holding } from '../../model/files/held-file.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Model } from '../../model/ir/model.js';
import {
  type LoopPlaces,
  type LoopShape,
  type PlanFile,
  stepsOfCalls,
} from '../../runtime/schedule/index.js';
import { isWholePlan, type Lowered, lower } from '../lower/index.js';
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
import { type PassOrigin, Watch } from '../stages/index.js';
import { rewriteFor } from '../targets/target.js';
import { checkLoop, refuseOddBatch } from './check-loop.js';
import { checkForm, refuseUntaken } from './check-target.js';
import type { Compilation } from './compilation.js';
import { refuseHidden } from './hidden.js';
import type { PipelineOptions } from './options.js';
import { isReadBy, prepareOnce, wholeOf } from './prepare.js';
import type { Prepared } from './prepared.js';
import { proposalLines } from './proposal-lines.js';
import { findStrays } from './strays.js';

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
   * @throws PLAN_BAD_CALLS, GUIDANCE_ODD_CALLS, TIMESTEPS_LENGTH, TIMESTEPS_INVALID, TARGET_FORM, and what a sampler that
   *   cannot be made throws
   */
  static create(options: PipelineOptions): Pipeline {
    checkLoop(options);
    checkForm(options);
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
   * @param source or what `prepare` made of it: where many settings of one model are compiled, it is read once for all that were
   *   given the same shapes, sizes, roles and guidance, and edit nothing before they propose
   * @throws StepfoldError whatever a step finds wrong, naming node, option or file
   */
  compile(source: Model | Prepared): Promise<Compilation> {
    return holding(() => this.compileOnce(source));
  }

  private async compileOnce(given: Model | Prepared): Promise<Compilation> {
    const source = 'canonical' in given ? given.source : given;
    const watch = new Watch(this.options, source);
    const prepared = this.takes(given) ? given : await prepareOnce(source, this.options, watch);
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
    const { target: { engine } = {} } = this.options;
    const { lowered, instrumented } = lower(canonical, shapes, plan, one ? 'merged' : emit, {
      maxPrograms: this.options.maxPrograms,
      watch,
      noBranches: engine !== undefined,
      ...(!fixedLoop && !one && { loop: { shape: loop, guidance } }),
    });
    refuseHidden(canonical.graph, proposals, plan, instrumented);
    const target = this.forTarget(lowered, bindings, watch);
    const whole = await wholeOf(this.options);
    const passes = this.entries.map(({ pass, options }) => ({ pass, options }));
    const notes = [...prepared.notes, ...placedNotes(file, calls)];
    const made = { loop, passes, plan, lowered, instrumented, target };
    const held = one && { form: emit, whole };
    return { ...prepared, notes, guidance, timesteps, sampler, ...made, ...held };
  }

  private takes(given: Model | Prepared): given is Prepared {
    const edits = this.entries.some(({ prepare }) => prepare);
    return 'canonical' in given && !edits && isReadBy(given, this.options);
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
    refuseUntaken(results);
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
