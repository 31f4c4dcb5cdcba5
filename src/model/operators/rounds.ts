/**
 * `Loop` and `Scan`. A value carried from round to round has, in every round, the sizes that it comes in
 * with, if the body leaves them as they are. A body that resizes what it carries is inferred again with
 * those sizes open; where that does not settle it either, nothing is known of the shape. What is declared
 * of the body's inputs counts only where nothing is known of what is fed to them.
 */
import type { Graph } from '../ir/graph.js';
import { type DimExpr, equal, hasFreshSymbol } from '../sizes/dim.js';
import { holding, type Operators } from './operator.js';
import type { Rule, RuleContext } from './rules/context.js';
import type { Facts } from './rules/facts.js';

/** What holds of a carried value in every round, and of what its body makes. */
interface Settled {
  /** By carried value: its facts when the rounds are over. */
  readonly final: readonly Facts[];
  /** All that the body makes in one round. */
  readonly made: readonly Facts[];
}

class Rounds {
  private readonly entering: Facts[];
  /** Sizes that the rounds change. */
  private readonly open = new Set<DimExpr>();
  /** Values of whose first round only the declaration is known, if anything. */
  private readonly believed: readonly boolean[];

  /** @param first facts of the carried values when the first round begins */
  constructor(
    private readonly c: RuleContext,
    first: readonly Facts[],
    declared: readonly Facts[],
  ) {
    this.believed = first.map(({ shape }) => !shape);
    this.entering = first.map((facts, i) => ({
      dtype: facts.dtype ?? declared[i]?.dtype,
      shape: facts.shape ?? declared[i]?.shape,
      sequence: facts.sequence,
      optional: facts.optional,
      why: facts.why,
    }));
  }

  /** @param infer what the body makes, carried values first */
  settle(infer: (entering: readonly Facts[]) => readonly Facts[]): Settled {
    const { inference } = this.c;
    const { equalities } = inference;
    if (inference.repeatsLeft <= 0) this.forgetAll();
    for (;;) {
      const joined = equalities.length;
      const made = infer([...this.entering]);
      const moved = this.entering.flatMap((_, i) => (this.stays(i, made[i]) ? [] : [i]));
      if (moved.length === 0) return { made, final: this.entering.map((f, i) => this.final(f, i)) };
      // sizes that were joined with what the next round does not have
      equalities.length = joined;
      inference.repeatsLeft--;
      if (inference.repeatsLeft <= 0) this.forgetAll();
      else for (const i of moved) this.loosen(i, made[i]);
    }
  }

  private stays(i: number, leaving: Facts | undefined): boolean {
    const shape = this.entering[i]!.shape;
    if (!shape || this.believed[i]) return true;
    return (
      leaving?.shape?.length === shape.length &&
      shape.every((size, axis) => this.open.has(size) || equal(size, leaving.shape![axis]!))
    );
  }

  private loosen(i: number, leaving: Facts | undefined): void {
    const shape = this.entering[i]!.shape!;
    const sizes = leaving?.shape;
    if (sizes?.length !== shape.length) {
      this.forget(i);
      return;
    }
    const loose = shape.map((size, axis) => {
      if (this.open.has(size) || equal(size, sizes[axis]!)) return size;
      const open = this.c.freshSize(axis);
      this.open.add(open);
      return open;
    });
    this.entering[i] = { ...this.entering[i], shape: loose };
  }

  private forgetAll(): void {
    for (const i of this.entering.keys()) this.forget(i);
  }

  private forget(i: number): void {
    const why = `the shape that ${this.c.node.opType} makes is not followed`;
    this.entering[i] = { ...this.entering[i], shape: undefined, why };
  }

  /** What a size is at the end is not what it is in a round. */
  private final(facts: Facts, i: number): Facts {
    if (this.believed[i]) return { ...facts, shape: undefined };
    const shape = facts.shape?.map((size, axis) =>
      this.open.has(size) ? this.c.freshSize(axis) : size,
    );
    return { ...facts, shape };
  }
}

/** What each round makes, one behind the other along a new axis. */
function stacked(c: RuleContext, one: Facts | undefined, axis: number, rounds: DimExpr): Facts {
  const dtype = one?.dtype;
  if (!one?.shape) return { dtype, why: one?.why };
  // sizes that inference made up inside of a round have no meaning outside of it
  const shape = one.shape.map((size, i) => (hasFreshSymbol(size) ? c.freshSize(i) : size));
  shape.splice(axis < 0 ? axis + shape.length + 1 : axis, 0, rounds);
  return { dtype, shape };
}

function bodyOf(c: RuleContext): Graph {
  const body = c.node.attributes.get('body');
  return body?.type === 'graph' ? body.value : c.fail('its body is missing');
}

const given = (c: RuleContext, index: number): Facts => (c.has(index) ? c.facts(index) : {});

const loop: Rule = (c) => {
  const body = bodyOf(c);
  const [round, goOn, ...carried] = body.inputs.map((v) => c.inference.declared(v));
  const first = carried.map((_, i) => given(c, i + 2));
  const { final, made } = new Rounds(c, first, carried).settle((entering) =>
    c.inference.enter(body, [round ?? {}, goOn ?? {}, ...entering]).slice(1),
  );
  const scanned = made.slice(final.length);
  return [...final, ...scanned.map((one) => stacked(c, one, 0, c.freshSize(0)))];
};

const scan: Rule = (c) => {
  const body = bodyOf(c);
  if (c.opset < 9) c.fail('Scan of opset 8 is not followed');
  const states = c.inputCount - (c.number('num_scan_inputs') ?? 0);
  const from = c.numbers('scan_input_axes') ?? [];
  const to = c.numbers('scan_output_axes') ?? [];
  let rounds: DimExpr | undefined;
  const elements = body.inputs.slice(states).map((_, i): Facts => {
    const { dtype, shape, why } = given(c, states + i);
    if (!shape) return { dtype, why };
    const axis = c.axis(from[i] ?? 0, shape.length);
    rounds ??= shape[axis];
    return { dtype, shape: shape.filter((_, at) => at !== axis) };
  });
  const declared = body.inputs.slice(0, states).map((v) => c.inference.declared(v));
  const first = declared.map((_, i) => given(c, i));
  const { final, made } = new Rounds(c, first, declared).settle((entering) =>
    c.inference.enter(body, [...entering, ...elements]),
  );
  const length = rounds ?? c.freshSize(0);
  const scanned = made.slice(states);
  return [...final, ...scanned.map((one, i) => stacked(c, one, to[i] ?? 0, length))];
};

export const ROUNDS: Operators = { Loop: holding(0, loop), Scan: holding(0, scan) };
