/**
 * What stands between two steps of a compilation: it checks that each has left the graph whole, so that a fault
 * is found at the step that made it, and tells of the graphs on the way.
 */
import { graphBroken, passBrokeGraph } from '../../errors/index.js';
import { cloneModel } from '../../model/ir/clone.js';
import type { Model } from '../../model/ir/model.js';
import { findViolations, type Violation } from '../../model/ir/validate.js';

/** A graph on the way from a model to what is emitted. */
export interface Stage {
  /** Such as `canonical`, the name of a pass, or `model-full`. */
  readonly name: string;
  /** To be looked at now: the steps that follow change it in place. */
  readonly model: Model;
  /** What there is to say of it, such as what a pass proposes: lines. */
  readonly notes: readonly string[];
}

export interface WatchOptions {
  /**
   * Checks every group of rewrites of the canonical form too, and keeps a copy of the graph before every step:
   * where one breaks it, the error has both. The other steps are always checked.
   */
  readonly debug?: boolean | undefined;
  /** Told of every stage, in order. */
  readonly onStage?: ((stage: Stage) => void) | undefined;
}

/** Who did a step, where it was a pass. */
export interface PassOrigin {
  readonly pass: string;
  /** The module it was loaded from; undefined for passes that are not from a plugin. */
  readonly plugin?: string | undefined;
}

export interface Step {
  /** What was done, such as `canonicalize: rules, round 2`. */
  readonly name: string;
  /** Of an edit in place left out: then the copy is taken that `debug` keeps. */
  readonly before?: Model;
  readonly by?: PassOrigin | undefined;
  /** Asked only once something is wrong: whose doing a part of the step was, by site. */
  readonly brokenSite?: () => string | undefined;
  /** What is wrong beside the graph itself. */
  readonly found?: readonly Violation[];
}

/** What a GRAPH_BROKEN or PASS_BROKE_GRAPH error has as `details.data`. */
export interface BrokenGraph {
  readonly step: string;
  readonly violations: readonly Violation[];
  readonly before: Model | undefined;
  readonly after: Model;
}

export class Watch {
  /** Lets groups be checked without `debug`: tests set it, as no time is lost there that anybody waits for. */
  static checksGroups = false;

  private readonly copies = new WeakMap<Model, Model>();
  private readonly owners = new Map<string, PassOrigin>();

  /** @param source what it had wrong from the start is no step's doing */
  constructor(
    private readonly options: WatchOptions = {},
    private readonly source?: Model,
  ) {}

  /** Lets the sites be a pass's, for when something is wrong with one. */
  own(sites: readonly { readonly id: string }[], by: PassOrigin): void {
    for (const { id } of sites) this.owners.set(id, by);
  }

  /**
   * To be called before a model is changed in place for the first time.
   * @param model changes from now on
   */
  begin(model: Model): void {
    if (this.options.debug) this.copies.set(model, cloneModel(model).model);
  }

  /**
   * Checks what a step made.
   * @throws GRAPH_BROKEN, or PASS_BROKE_GRAPH where it was a plugin's doing
   */
  check(step: Step, model: Model): void {
    const found = [...(step.found ?? []), ...findViolations(model.graph)];
    if (found.length > 0) this.refuse(step, model, found);
    this.begin(model);
  }

  /**
   * Checks one group of rewrites among many that a check follows: nodes are in no order yet, so that it costs as much
   * as all other checks together.
   * @throws GRAPH_BROKEN
   */
  checkGroup(step: Step, model: Model): void {
    if (this.options.debug || Watch.checksGroups) this.check(step, model);
  }

  tell(name: string, model: Model, notes: readonly string[] = []): void {
    this.options.onStage?.({ name, model, notes });
  }

  private refuse(step: Step, after: Model, found: readonly Violation[]): void {
    const known = new Set(this.source && findViolations(this.source.graph).map((v) => v.message));
    const violations = found.filter((violation) => !known.has(violation.message));
    if (violations.length === 0) return;
    const site = step.brokenSite?.();
    const by = step.by ?? (site === undefined ? undefined : this.owners.get(site));
    const name = site === undefined ? step.name : `${step.name}: site "${site}"`;
    const before = step.before ?? this.copies.get(after);
    const data: BrokenGraph = { step: name, violations, before, after };
    throw by?.plugin === undefined
      ? graphBroken(data, by?.pass)
      : passBrokeGraph(data, by.pass, by.plugin);
  }
}
