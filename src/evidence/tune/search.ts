/**
 * The search at one cost: of each family the numbers in turn, each by its best value with the others held (coordinate
 * descent), on few images; then the best of all families by successive halving on more.
 */
import { evenSteps } from '../../runtime/schedule/index.js';
import { type LoopChoice, rivals } from '../yardstick/index.js';
import { halve, type Rung } from './halving.js';
import { type Method, type Methods, settled } from './methods.js';
import { canonical, keyOf, type Setting, stepsIn } from './setting.js';

export interface SearchSpace extends Methods {
  readonly own: LoopChoice;
  /** Steps of a loop under methods: those that run no denoiser cost little, but not nothing. */
  readonly mostSteps: number;
}

export interface Candidate {
  readonly setting: Setting;
  /** In steps of the source, as costs are known before it runs. */
  readonly cost: number;
  /** The same at another cost, or undefined where there is none. */
  readonly at?: (budget: number) => Candidate | undefined;
}

export interface Judge {
  /** Is told what will be scored, so that it can be shared out. */
  prepare(candidates: readonly Candidate[], batches: number): Promise<void>;
  /** Of a candidate on so many batches: higher is better; undefined where it failed. */
  score(candidate: Candidate, batches: number): Promise<number | undefined>;
}

const ORDERS = [1, 2, 0];
/** Steps of the loop, in steps that are paid for. */
const STRETCHES = [2, 1.4, 3];
/** The family of those that leave nothing out. */
export const FEWER = 'fewer steps';
/** Of computed steps one is full, where two passes share them; 0: both are full at the same steps. */
const SHARES = [2, 0, 3];
/** Loops that methods are tried in. */
const LOOPS = 3;
const FEWEST = 2;

const RIVAL_RUNGS: readonly Rung[] = [
  { batches: 1, keep: 8 },
  { batches: 3, keep: 4 },
];
const FINAL_RUNGS: readonly Rung[] = [
  { batches: 2, keep: 8 },
  { batches: 4, keep: 3 },
];

export interface Found {
  /** The best first; fewer steps may be among them. */
  readonly best: readonly Candidate[];
  /** The best of fewer steps. */
  readonly rival: Candidate | undefined;
}

/** @param budget in steps of the source */
export async function searchAt(space: SearchSpace, budget: number, judge: Judge): Promise<Found> {
  const fewer = rivalsAt(space, budget);
  const ranked = await halving(fewer, RIVAL_RUNGS, judge);
  const loops = loopsOf(space, ranked);
  const found: Candidate[] = [...ranked.slice(0, 2)];
  const singles: { readonly method: Method; readonly score: number }[] = [];
  for (const methods of byPass(space.methods)) {
    const one = await descend(
      methods,
      (method, at) => single(space, budget, method, at),
      loops,
      judge,
    );
    if (!one) continue;
    singles.push({ method: one.choice, score: one.score });
    found.push(one.candidate);
  }
  for (const [outer, inner] of pairsOf(singles)) {
    const one = await descend(
      [{ outer, inner }],
      (pair, at) => both(space, budget, pair, at),
      loops,
      judge,
    );
    if (one) found.push(one.candidate);
  }
  const best = await halving(distinct(found), FINAL_RUNGS, judge);
  return { best, rival: ranked[0] };
}

const halving = (candidates: readonly Candidate[], rungs: readonly Rung[], judge: Judge) =>
  halve(
    candidates,
    rungs,
    (some, batches) => judge.prepare(some, batches),
    (one, batches) => judge.score(one, batches),
  );

const distinct = (candidates: readonly Candidate[]): Candidate[] => [
  ...new Map(candidates.map((one) => [keyOf(one.setting), one])).values(),
];

const byPass = (methods: readonly Method[]): Method[][] => {
  const groups = new Map<string, Method[]>();
  for (const method of methods)
    groups.set(method.pass.name, [...(groups.get(method.pass.name) ?? []), method]);
  return [...groups.values()];
};

/** Fewer steps with every sampler at every spacing; what approximates nothing goes along. */
function rivalsAt(space: SearchSpace, budget: number): Candidate[] {
  const { own, exact, exactCost } = space;
  const steps = Math.floor(budget / exactCost + 1e-9);
  if (steps < 1) return [];
  return rivals(own, steps)
    .map(({ choice }) => ({
      setting: { family: FEWER, passes: exact, sampler: choice },
      cost: stepsIn(choice) * exactCost,
      at: (other: number) =>
        rivalsAt(space, other).find(({ setting }) => isSame(setting.sampler, choice)),
    }))
    .filter(({ cost }) => cost <= budget + 1e-9);
}

/** But for the number of steps. */
const isSame = ({ steps: _, ...a }: LoopChoice, { steps: __, ...b }: LoopChoice): boolean =>
  canonical(a) === canonical(b);

/** Of the best rivals the samplers with their spacings. */
function loopsOf({ own }: SearchSpace, ranked: readonly Candidate[]): LoopChoice[] {
  const found = ranked.slice(0, LOOPS).map(({ setting }) => setting.sampler);
  return found.length > 0 ? found : [own];
}

/** The numbers of a family. */
interface Coordinates {
  readonly loop: LoopChoice;
  readonly stretch: number;
  readonly order: number;
  readonly share: number;
}

interface Descended<C> {
  readonly choice: C;
  readonly at: Coordinates;
  readonly candidate: Candidate;
  readonly score: number;
}

/**
 * @param make the candidate at coordinates, or undefined where there is none at this cost
 */
async function descend<C>(
  choices: readonly C[],
  make: (choice: C, at: Coordinates) => Candidate | undefined,
  loops: readonly LoopChoice[],
  judge: Judge,
): Promise<Descended<C> | undefined> {
  let best: Descended<C> | undefined;
  const attempt = async (tried: readonly (readonly [C, Coordinates])[]) => {
    const made = tried.flatMap(([choice, at]) => {
      const candidate = make(choice, at);
      return candidate ? [{ choice, at, candidate }] : [];
    });
    await judge.prepare(
      made.map(({ candidate }) => candidate),
      1,
    );
    for (const one of made) {
      const score = await judge.score(one.candidate, 1);
      if (score !== undefined && (!best || score > best.score)) best = { ...one, score };
    }
  };
  const order = ORDERS[0]!;
  await attempt(
    choices.flatMap((choice) =>
      // what is there at one stretch, or for one share, may not be at another
      STRETCHES.slice(0, 2).map((stretch, i) => {
        return [choice, { loop: loops[0]!, stretch, order, share: SHARES[i]! }] as const;
      }),
    ),
  );
  const vary = async <K extends keyof Coordinates>(name: K, values: readonly Coordinates[K][]) => {
    if (!best) return;
    const { choice, at } = best;
    const others = values.filter((value) => value !== at[name]);
    await attempt(others.map((value) => [choice, { ...at, [name]: value }] as const));
  };
  await vary('order', ORDERS);
  await vary('loop', loops);
  await vary('stretch', STRETCHES);
  await vary('share', SHARES);
  return best;
}

const stepsAt = ({ mostSteps }: SearchSpace, budget: number, stretch: number): number =>
  Math.min(mostSteps, Math.round(budget * stretch));

/** As many full steps as the cost allows. */
function single(
  space: SearchSpace,
  budget: number,
  method: Method,
  { loop, stretch, order, share }: Coordinates,
): Candidate | undefined {
  const steps = stepsAt(space, budget, stretch);
  const { full, between } = method.cost;
  const count = Math.floor((budget - steps * between) / (full - between) + 1e-9);
  if (!(count >= FEWEST && count < steps)) return undefined;
  const { pass } = method;
  return {
    at: (other) => single(space, other, method, { loop, stretch, order, share }),
    cost: count * full + (steps - count) * between,
    setting: {
      family: pass.name,
      passes: [...space.exact, { pass: pass.name, options: settled(method, count, order) }],
      sampler: { ...loop, steps },
    },
  };
}

interface Pair {
  /** Takes away whole steps, or what is left of them. */
  readonly outer: Method;
  readonly inner: Method;
}

/** Each two of different passes, the one that leaves less between full steps outside. */
function pairsOf(
  singles: readonly { readonly method: Method; readonly score: number }[],
): [Method, Method][] {
  const ranked = [...singles].sort((a, b) => b.score - a.score).map(({ method }) => method);
  return ranked.flatMap((a, i) =>
    ranked.slice(i + 1).map((b): [Method, Method] => {
      const [outer, inner] = a.cost.between <= b.cost.between ? [a, b] : [b, a];
      return [outer, inner];
    }),
  );
}

/**
 * Two passes: of the steps that the outer one computes every `share`th is full, and the others keep what the inner one
 * does; or, where the outer one itself leaves much, both at the same steps.
 */
function both(
  space: SearchSpace,
  budget: number,
  { outer, inner }: Pair,
  { loop, stretch, order, share }: Coordinates,
): Candidate | undefined {
  const steps = stepsAt(space, budget, stretch);
  const skips = outer.cost.between < SKIPS;
  const made =
    skips && share > 0
      ? nested(budget, steps, { outer, inner }, share)
      : together(budget, steps, { outer, inner });
  if (!made) return undefined;
  const { computed, full, cost } = made;
  const requestOf = (method: Method, which: readonly number[]) => ({
    pass: method.pass.name,
    options: settled(method, which, order),
  });
  return {
    at: (other) => both(space, other, { outer, inner }, { loop, stretch, order, share }),
    cost,
    setting: {
      family: `${inner.pass.name} and ${outer.pass.name}`,
      passes: [...space.exact, requestOf(inner, full), requestOf(outer, computed)],
      sampler: { ...loop, steps },
    },
  };
}

/** Below it a step that is not full counts as skipped. */
const SKIPS = 0.2;

interface Placed {
  readonly computed: readonly number[];
  readonly full: readonly number[];
  readonly cost: number;
}

function nested(
  budget: number,
  steps: number,
  { outer, inner }: Pair,
  share: number,
): Placed | undefined {
  const { between } = outer.cost;
  const placed = (count: number): Placed => {
    const computed = evenSteps(steps, count);
    const full = computed.filter((_, i) => i % share === 0 || i === count - 1);
    const cost =
      full.length * inner.cost.full +
      (count - full.length) * inner.cost.between +
      (steps - count) * between;
    return { computed, full, cost };
  };
  for (let count = steps - 1; count > FEWEST; count--) {
    const made = placed(count);
    if (made.cost <= budget + 1e-9) return made;
  }
  return undefined;
}

function together(budget: number, steps: number, { outer, inner }: Pair): Placed | undefined {
  const full = Math.max(outer.cost.full, inner.cost.full);
  const between = outer.cost.between * inner.cost.between;
  const count = Math.floor((budget - steps * between) / (full - between) + 1e-9);
  if (!(count >= FEWEST && count < steps)) return undefined;
  const at = evenSteps(steps, count);
  return { computed: at, full: at, cost: count * full + (steps - count) * between };
}
