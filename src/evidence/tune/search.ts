/**
 * The search at one cost: of each family the numbers in turn, each by its best value with the others held (coordinate
 * descent), on few images; then the best of all families by successive halving on more.
 */
import { type Candidate, type Choice, FIRST, type SearchSpace, single } from './candidate.js';
import { type Descended, descend, type Judge } from './descent.js';
import { bestGamma, distinct, type Rival, rivalsAt } from './fewer.js';
import { halve, type Rung } from './halving.js';
import { type Loop, loopLike } from './loop.js';
import type { Method } from './method.js';
import { both, pairsOf } from './pairs.js';
import { plannedOf } from './planned.js';
import { bestSearched } from './searched.js';
import { canonical } from './setting.js';
import { started } from './starts.js';

/** Loops that methods are tried in. */
const LOOPS = 3;

const RIVAL_RUNG: Rung = { batches: 1, keep: 8 };
const RANKED_RUNG: Rung = { batches: 3, keep: 4 };
/** Samplers whose timesteps are moved. */
const MOVED = 2;
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

/** A choice of one pass. */
interface Single extends Choice {
  readonly method: Method;
}

/** @param budget in steps of the source */
export async function searchAt(space: SearchSpace, budget: number, judge: Judge): Promise<Found> {
  const ranked = await rankedRivals(space, budget, judge);
  const loops = loopsOf(space, ranked);
  const found: Candidate[] = [...ranked.slice(0, 2)];
  const best = new Map<string, Descended<Single>>();
  for (const choices of families(space, budget)) {
    const one = await descend(choices, loops, judge);
    if (!one) continue;
    found.push(one.candidate);
    const { name } = one.choice.method.pass;
    const known = best.get(name);
    if (!known || one.score > known.score) best.set(name, one);
  }
  const singles = [...best.values()];
  const scored = singles.map(({ choice: { method }, score }) => ({ method, score }));
  for (const pair of pairsOf(scored)) {
    const choice: Choice = { first: FIRST, make: (at) => both(space, budget, pair, at) };
    const one = await descend([choice], loops, judge);
    if (one) found.push(one.candidate);
  }
  found.push(...(await plannedOf(space, singles)));
  for (const pass of space.searched) {
    const one = await bestSearched(space, budget, pass, loops[0], judge);
    if (one) found.push(one);
  }
  return { best: await halving(distinct(found), FINAL_RUNGS, judge), rival: ranked[0] };
}

/** The best of fewer steps; of the best samplers also at timesteps that crowd at one end. */
async function rankedRivals(
  space: SearchSpace,
  budget: number,
  judge: Judge,
): Promise<readonly Rival[]> {
  const first = await halving(rivalsAt(space, budget), [RIVAL_RUNG], judge);
  const solvers = new Map<string, Rival>();
  for (const rival of first) {
    const { name, order } = rival.setting.sampler;
    const kind = canonical([name, order]);
    if (!solvers.has(kind)) solvers.set(kind, rival);
  }
  const moved: Rival[] = [];
  for (const { setting } of [...solvers.values()].slice(0, MOVED)) {
    const found = await bestGamma(space, budget, setting.sampler, judge);
    if (found) moved.push(found);
  }
  return halving([...first, ...moved], [RANKED_RUNG], judge);
}

const halving = <C extends Candidate>(
  candidates: readonly C[],
  rungs: readonly Rung[],
  judge: Judge,
) =>
  halve(
    candidates,
    rungs,
    (some, batches) => judge.prepare(some, batches),
    (one, batches) => judge.score(one, batches),
  );

/**
 * Of each pass its choices, and apart from these the settings of others that are one of it: these have no stretch of their
 * own, so that the best of them would keep the pass from being tried in longer loops.
 */
function families(space: SearchSpace, budget: number): readonly (readonly Single[])[] {
  const found = new Map<string, Single[]>();
  const add = (kind: string, one: Single) => {
    const key = canonical([one.method.pass.name, kind]);
    found.set(key, [...(found.get(key) ?? []), one]);
  };
  for (const method of space.methods)
    add('own', { method, first: FIRST, make: (at) => single(space, budget, method, at) });
  for (const start of space.starts)
    for (const one of started(space, budget, start)) add('start', one);
  return [...found.values()];
}

/** Of the best rivals the samplers with their spacings. */
function loopsOf({ own }: SearchSpace, ranked: readonly Rival[]): readonly [Loop, ...Loop[]] {
  const [first, ...others] = ranked.slice(0, LOOPS).map(({ loop }) => loop);
  return first ? [first, ...others] : [loopLike(own)];
}
