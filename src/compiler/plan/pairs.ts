/**
 * Which variants need both halves of a guidance pair in their batch, since one stands for both in them.
 * Where the halves have calls of their own it is the states that say so, and nothing is found here.
 */
import type { Plan } from './plan.js';
import type { Strategy } from './site.js';
import { partsOf } from './strategies.js';
import type { NamedVariant } from './variants.js';

/** Does a strategy tell the halves of a batch apart? */
export const needsPair = ({ kind, pairs }: Strategy): boolean =>
  pairs === true || kind === 'shared';

/**
 * @param plan with sites as passes gave them
 * @param variants rows of sites taken apart into their parts, as `expandParts` orders them
 * @param calls the name of each call's variant
 */
export function variantsForPairs(
  plan: Plan,
  variants: readonly NamedVariant[],
  calls: readonly string[],
): Set<string> {
  const rowOf = new Map(variants.map(({ name, row }) => [name, row]));
  // what the halves differ by is kept of a pair alone
  const differences = new Set(
    plan.sites
      .flatMap(partsOf)
      .flatMap(({ states }) =>
        states.flatMap(({ id, halved }) => (halved === undefined ? [] : id)),
      ),
  );
  const found = new Set<string>(
    variants
      .filter(({ writes }) => writes.some((state) => differences.has(state)))
      .map(({ name }) => name),
  );
  for (const [call, variant] of calls.entries()) {
    let column = 0;
    for (const [s, site] of plan.sites.entries()) {
      const columns = site.parts?.length ?? 1;
      const row = rowOf.get(variant)!.slice(column, column + columns);
      column += columns;
      // a site inside one that is replaced does nothing
      const isLive = row.some((name) => name !== undefined);
      if (isLive && needsPair(site.strategies[plan.rows[call]![s]!]!)) found.add(variant);
    }
  }
  return found;
}
