/**
 * Which calls of a schedule have to be run to have proved all of them. What a call gives depends on its
 * program, on the strategies that the plan asks of it, and on the calls whose results it takes: by the
 * schedule those that wrote the states it reads, by the plan those that kept what its strategies use.
 * Two calls of which all that agrees, as far back as it goes, are one computation on other inputs, so
 * one of them stands for both. Costs a walk over what each call depends on.
 */

/** What a call takes from earlier calls, and leaves to later ones. */
export interface CallAccess {
  readonly takes: readonly (string | Taken)[];
  readonly leaves: readonly string[];
}

/** What was left so many times before the last. By its name alone, what was left last. */
export interface Taken {
  readonly item: string;
  readonly back: number;
}

export interface Combinations {
  /** Calls to run, in the order of the loop: one of each combination, and those it depends on. */
  readonly calls: readonly number[];
  /** How many combinations there are. */
  readonly count: number;
}

/** Stands for a call that nobody left anything for. */
const NOBODY = -1;

/**
 * @param labels what tells calls apart beside what they take, by call: program and strategies
 * @param accounts by whose account things are taken and left, such as the schedule's and the plan's; each
 *   with an entry for every call
 */
export function combinations(
  labels: readonly string[],
  accounts: readonly (readonly CallAccess[])[],
): Combinations {
  const known = new Set<string>();
  const chosen = new Set<number>();
  for (const { signature, needs } of signatures(labels, accounts)) {
    if (known.has(signature)) continue;
    known.add(signature);
    for (const needed of needs) chosen.add(needed);
  }
  return { calls: [...chosen].sort((a, b) => a - b), count: known.size };
}

/** A call, by all that it depends on. */
export interface Signed {
  /** Of two calls of one combination, in this loop or another, the same. */
  readonly signature: string;
  /** The call and all that it depends on. */
  readonly needs: readonly number[];
}

/** What each call is a combination of. */
export function signatures(
  labels: readonly string[],
  accounts: readonly (readonly CallAccess[])[],
): Signed[] {
  const suppliers = labels.map((): Supplier[] => []);
  accounts.forEach((account, a) => {
    /** The calls that left each thing, the last first. */
    const left = new Map<string, number[]>();
    account.forEach(({ takes, leaves }, call) => {
      for (const { item, back } of takes.map(placed))
        suppliers[call]!.push({
          item: `${a} ${item} ${back}`,
          call: left.get(item)?.[back] ?? NOBODY,
        });
      for (const item of leaves) left.set(item, [call, ...(left.get(item) ?? [])]);
    });
  });
  return labels.map((_, call) => {
    const needs = dependencies(call, suppliers);
    return { signature: describe(needs, labels, suppliers), needs };
  });
}

/** With how many times before the last. */
export const placed = (taken: string | Taken): Taken =>
  typeof taken === 'string' ? { item: taken, back: 0 } : taken;

interface Supplier {
  readonly item: string;
  readonly call: number;
}

/** The call itself and all calls that it depends on, in the order in which following them back meets them. */
function dependencies(call: number, suppliers: readonly (readonly Supplier[])[]): number[] {
  const met = new Set([call]);
  const stack = [call];
  for (let next = stack.pop(); next !== undefined; next = stack.pop())
    for (const { call: supplier } of suppliers[next]!)
      if (supplier !== NOBODY && !met.has(supplier)) {
        met.add(supplier);
        stack.push(supplier);
      }
  return [...met];
}

/** The same for two calls that depend alike on calls that are alike, wherever in the loop they are. */
function describe(
  calls: readonly number[],
  labels: readonly string[],
  suppliers: readonly (readonly Supplier[])[],
): string {
  const place = new Map(calls.map((call, i) => [call, i]));
  return JSON.stringify(
    calls.map((call) => [
      labels[call],
      suppliers[call]!.map(({ item, call: supplier }) => [item, place.get(supplier) ?? NOBODY]),
    ]),
  );
}
