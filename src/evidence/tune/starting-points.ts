/** Settings that others publish or that were measured elsewhere, as whoever has them gives them: which of them a search can start from. */
import type { AnyPass, PassContext, PassRequest } from '../../compiler/pass/index.js';
import { StepfoldError } from '../../errors/index.js';
import { callsPerStep, stepsOfCalls } from '../../runtime/schedule/index.js';
import { type Method, methodKey, type NotTried, type Options } from './method.js';

export interface StartingPoint {
  /** As it is told where it was tried: `recipe fast`. */
  readonly name: string;
  /** For the loop of a context, or why there is none for it: a sentence without a full stop. */
  passes(context: PassContext): readonly PassRequest[] | { readonly reason: string };
}

export interface Start {
  readonly name: string;
  /** In a loop of so many steps; undefined where it has none. */
  at(steps: number): Started | undefined;
}

export interface Started {
  readonly method: Method;
  readonly options: Options;
  /** How many steps are full. */
  readonly full: number;
}

interface Placed {
  readonly pass: AnyPass;
  readonly options: Options;
  readonly full: number;
}

/** Without a reason there is nothing to say: what it has is tried anyway, or was not asked for. */
type Nothing = { readonly reason: string | undefined };

export interface FoundStarts {
  /** What their costs have to be known of. */
  readonly settings: readonly Pick<Placed, 'pass' | 'options'>[];
  readonly notTried: readonly NotTried[];
  /** @param methodOf a pass and its options, undefined where it cannot be */
  starts(methodOf: (pass: AnyPass, options: Options) => Method | undefined): Start[];
}

export interface StartsFor {
  /** Of any loop. */
  readonly context: PassContext;
  /** That are asked for. */
  readonly passes: readonly AnyPass[];
  readonly mostSteps: number;
}

const FEWEST = 2;

export function findStarts(points: readonly StartingPoint[], given: StartsFor): FoundStarts {
  const { context, mostSteps } = given;
  const settings = new Map<string, Placed>();
  const notTried: NotTried[] = [];
  const placedBy = new Map<StartingPoint, ReadonlyMap<number, Placed>>();
  for (const point of points) {
    const found = new Map<number, Placed>();
    for (let steps = FEWEST; steps <= mostSteps; steps++) {
      const one = placedAt(point, given, steps);
      if ('reason' in one) continue;
      found.set(steps, one);
      const key = methodKey(one.pass, one.options);
      if (!settings.has(key)) settings.set(key, one);
    }
    placedBy.set(point, found);
    if (found.size > 0) continue;
    const none = placedAt(point, given, stepsOfCalls(context.calls, context.guidance));
    if ('reason' in none && none.reason !== undefined)
      notTried.push({ pass: point.name, reason: none.reason });
  }
  return {
    settings: [...settings.values()],
    notTried,
    starts: (methodOf) =>
      [...placedBy].map(([{ name }, found]) => ({
        name,
        at(steps): Started | undefined {
          const one = found.get(steps);
          const method = one && methodOf(one.pass, one.options);
          return method && { method, options: one.options, full: one.full };
        },
      })),
  };
}

function placedAt(
  point: StartingPoint,
  { context, passes }: StartsFor,
  steps: number,
): Placed | Nothing {
  const requests = point.passes({ ...context, calls: steps * callsPerStep(context.guidance) });
  if ('reason' in requests) return requests;
  const passOf = (name: string) => passes.find((pass) => pass.name === name);
  const others = requests.filter(({ pass }) => !passOf(pass)?.tuning?.exact);
  const [request] = others;
  const pass = request && passOf(request.pass);
  if (!pass) return { reason: undefined };
  if (others.length > 1) return { reason: 'it has more than one pass that approximates' };
  if (!pass.fullSteps?.of)
    return { reason: `the pass ${pass.name} does not say which of its steps are full` };
  try {
    const full = pass.fullSteps.of(request.options, steps).length;
    if (full < steps) return { pass, options: request.options, full };
    return { reason: `all of ${steps} steps are full` };
  } catch (error) {
    if (!(error instanceof StepfoldError)) throw error;
    return { reason: error.message };
  }
}
