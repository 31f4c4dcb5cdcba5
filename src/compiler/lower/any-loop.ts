/** The rules of a plan, for loops of any length: which rows there can be, and whether all loops can be had. */
import { StepfoldError } from '../../errors/index.js';
import type { GuidancePair, LoopShape } from '../../runtime/schedule/index.js';
import {
  analyzeFlow,
  type Choices,
  choicesIn,
  choicesKey,
  expandParts,
  type FlatPlan,
  type HalfCalls,
  halfCalls,
  type LiveUnder,
  LONGEST_TRIED,
  type Plan,
  planWith,
  refuseHalfKept,
  rowsOfOtherLoops,
  type Variant,
  variantKey,
} from '../plan/index.js';
import { type LoopRow, loopRows } from './loop-rows.js';

/** The loop that a plan is for. */
export interface RuledLoop {
  readonly shape: LoopShape;
  readonly guidance: GuidancePair | undefined;
}

type WithPlaces = (plan: FlatPlan, halves: HalfCalls | undefined) => FlatPlan;

export interface LoopVariants {
  /** Undefined where there is none for some loop. */
  readonly loopRows?: readonly LoopRow<Variant>[];
  /** Variants of other loops alone. */
  readonly others?: readonly Variant[];
  /** Why there are none. */
  readonly fixed?: string;
}

export class AnyLoop {
  /** The choices of each step of the plan. */
  private readonly own: readonly Choices[];
  /** Every row once: those of the plan first. */
  private readonly all: readonly Choices[];
  private readonly plan: Plan;
  /** A plan whose steps are the rows. */
  readonly rows: FlatPlan;

  /** @param plan with rules */
  constructor(
    private readonly given: Plan,
    private readonly loop: RuledLoop,
  ) {
    const rules = given.rules!;
    this.own = choicesIn(rules, loop.shape);
    const own = new Map(this.own.map((choices) => [choicesKey(choices), choices]));
    this.all = [...own.values(), ...rowsOfOtherLoops(rules, new Set(own.keys()))];
    this.plan = planWith(given, this.all, loop.guidance);
    this.rows = expandParts(this.plan);
  }

  /** @param flow the variant of each call of the plan */
  variants(
    flow: readonly Variant[],
    live: LiveUnder,
    withPlaces: WithPlaces,
    maxPrograms: number | undefined,
  ): LoopVariants {
    const refused = this.strayStep() ?? this.unruled() ?? this.refusedLoop(live, withPlaces);
    if (refused !== undefined) return { fixed: refused };
    const rows = loopRows(
      withPlaces(this.rows, halfCalls(this.plan)),
      this.all,
      this.variantsByRow(flow),
      live,
    );
    const known = new Set(flow.map(variantKey));
    const others = new Map(
      rows
        .flatMap(({ variants }) => variants.flat())
        .map((variant) => [variantKey(variant), variant]),
    );
    for (const key of known) others.delete(key);
    if (maxPrograms !== undefined && others.size > 0)
      return { fixed: `other loops need more than ${maxPrograms} programs` };
    return { loopRows: rows, others: [...others.values()] };
  }

  /** Rules begin in full wherever they begin in the middle; a plan need not. */
  private strayStep(): string | undefined {
    const { rows } = planWith(this.given, this.own, this.loop.guidance);
    const call = this.given.rows.findIndex((row, t) => row.join() !== rows[t]!.join());
    return call < 0 ? undefined : `call ${call} is not what rules lead to`;
  }

  /** For each call of the rows, the distinct variants that calls of the plan with this row are. */
  private variantsByRow(flow: readonly Variant[]): Variant[][] {
    const perStep = flow.length / this.own.length;
    return this.all.flatMap((row) =>
      Array.from({ length: perStep }, (_, half) => {
        const found = new Map<string, Variant>();
        this.own.forEach((choices, step) => {
          const variant = flow[step * perStep + half]!;
          if (choicesKey(choices) === choicesKey(row)) found.set(variantKey(variant), variant);
        });
        return [...found.values()];
      }),
    );
  }

  /** What a parameter is at the calls of another loop is known where it is the weights of a forecast. */
  private unruled(): string | undefined {
    const { sites, rows } = this.rows;
    for (const [s, { strategies, parameters = [] }] of sites.entries()) {
      const read = new Set(rows.flatMap((row) => strategies[row[s]!]!.reads));
      const open = parameters.find(({ id, forecast }) => !forecast && read.has(id));
      if (open) return `what "${open.id}" is at each call follows from no rule`;
    }
    return undefined;
  }

  /** Where calls on one half keep what other sites read, which depends on how steps meet: every loop is tried. */
  private refusedLoop(live: LiveUnder, withPlaces: WithPlaces): string | undefined {
    if (!halfCalls(this.plan)) return undefined;
    const rules = this.given.rules!;
    for (let steps = 1; steps <= LONGEST_TRIED; steps++) {
      const choices = choicesIn(rules, { steps, start: 0 });
      const plan = planWith(this.given, choices, this.loop.guidance);
      const halves = halfCalls(plan)!;
      const flat = withPlaces(expandParts(plan), halves);
      try {
        refuseHalfKept(halves, flat, analyzeFlow(flat, live));
      } catch (error) {
        if (!(error instanceof StepfoldError)) throw error;
        return `in a loop of ${steps} steps ${error.code} would arise`;
      }
    }
    return undefined;
  }
}
