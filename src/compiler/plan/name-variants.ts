/** Names for the variants of a plan, by which calls, programs and models are told. */

import { groupBy } from '../../model/ir/group-by.js';
import type { FlatPlan } from './parts.js';
import { type NamedVariant, type Row, rowKey, type Variant, variantKey } from './variants.js';

/**
 * Names each distinct variant by its strategies: `full` when every live site is computed, the strategy's own word
 * (`shallow`) when one suggests it, else `mixed`; numbered when several rows claim one name. A variant that writes
 * less than its namesake says so; one that writes something else is numbered as well.
 * @param calls the variant of each call
 * @param others that no call is, which are named when those are
 * @returns the variants, and which of them each call is
 */
export function nameVariants(
  plan: FlatPlan,
  calls: readonly Variant[],
  others: readonly Variant[] = [],
): { variants: NamedVariant[]; calls: string[] } {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const claim = (base: string) => {
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
    taken.add(name);
    return name;
  };
  for (const alike of groupBy(calls, ({ row }) => rowKey(row)).values()) {
    // the one that writes most has the plain name
    const ordered = [...distinct(alike)].sort(([, a], [, b]) => b.writes.length - a.writes.length);
    let word: string | undefined;
    let most: readonly string[] = [];
    for (const [key, { row, writes }] of ordered) {
      const less = writes.every((state) => most.includes(state));
      const suffix = word === undefined || !less ? '' : writes.length ? '-partial' : '-stateless';
      const name = claim(suffix ? `${word}${suffix}` : rowWord(plan, row));
      if (word === undefined) [word, most] = [name, writes];
      names.set(key, name);
    }
  }
  for (const variant of others) {
    const key = variantKey(variant);
    if (names.has(key)) continue;
    const word = rowWord(plan, variant.row);
    names.set(key, claim(taken.has(word) && variant.writes.length > 0 ? `${word}-keeping` : word));
  }
  const nameOf = (variant: Variant) => names.get(variantKey(variant))!;
  const variants = new Map(
    [...calls, ...others].map((own) => [nameOf(own), { ...own, name: nameOf(own) }]),
  );
  return { variants: [...variants.values()], calls: calls.map(nameOf) };
}

const distinct = (variants: readonly Variant[]): Map<string, Variant> =>
  new Map(variants.map((variant) => [variantKey(variant), variant]));

function rowWord(plan: FlatPlan, row: Row): string {
  const words = new Set<string>();
  row.forEach((name, s) => {
    const strategy = name === undefined ? undefined : plan.sites[s]?.strategies[name];
    // one that makes nothing of its own computes, and only keeps something else
    if (strategy?.produce) words.add(strategy.program ?? 'mixed');
  });
  if (words.size === 0) return 'full';
  return words.size === 1 ? ([...words][0] as string) : 'mixed';
}
