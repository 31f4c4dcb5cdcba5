/** Coordinate descent: of a family the numbers in turn, each by its best value with the others held. */
import {
  type Candidate,
  type Choice,
  type Coordinates,
  ORDERS,
  PLACEMENTS,
  SHARES,
  STRETCHES,
} from './candidate.js';
import type { Loop } from './loop.js';
import { keyOf } from './setting.js';

export interface Judge {
  /** Is told what will be scored, so that it can be shared out. */
  prepare(candidates: readonly Candidate[], batches: number): Promise<void>;
  /** Of a candidate on so many batches: higher is better; undefined where it failed. */
  score(candidate: Candidate, batches: number): Promise<number | undefined>;
}

/** A candidate as it was come to. */
interface Attempt {
  readonly candidate: Candidate;
}

export type Scored<A extends Attempt> = A & { readonly score: number };

/** The best of some, on one batch, and of what was the best before. */
export async function bestOf<A extends Attempt>(
  attempts: readonly A[],
  judge: Judge,
  before?: Scored<A>,
): Promise<Scored<A> | undefined> {
  await judge.prepare(
    attempts.map(({ candidate }) => candidate),
    1,
  );
  let best = before;
  for (const one of attempts) {
    const score = await judge.score(one.candidate, 1);
    if (score !== undefined && (!best || score > best.score)) best = { ...one, score };
  }
  return best;
}

export type Descended<C> = Scored<Attempt & { readonly choice: C; readonly at: Coordinates }>;

/** @param loops the best first */
export async function descend<C extends Choice>(
  choices: readonly C[],
  loops: readonly [Loop, ...Loop[]],
  judge: Judge,
): Promise<Descended<C> | undefined> {
  let best: Descended<C> | undefined;
  const seen = new Set<string>();
  const attempt = async (tried: readonly (readonly [C, Coordinates])[]) => {
    const made = tried.flatMap(([choice, at]) => {
      const candidate = choice.make(at);
      if (!candidate) return [];
      // what has not all of the numbers is the same at some of them
      const key = keyOf(candidate.setting);
      if (seen.has(key)) return [];
      seen.add(key);
      return [{ choice, at, candidate }];
    });
    best = await bestOf(made, judge, best);
  };
  await attempt(
    choices.flatMap((choice) =>
      choice.first.map((at) => [choice, { ...at, loop: loops[0] }] as const),
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
  await vary('placement', PLACEMENTS);
  return best;
}
