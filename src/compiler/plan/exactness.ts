/**
 * Which strategies of a site are more exact than others: a partial order that the strategies declare.
 * `compute` is more exact than all.
 */
import { COMPUTE, type Site } from './site.js';

/** The strategies of a site that are strictly more exact than one of them, by way of others as well. */
export function moreExactThan(site: Site, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const stack = [name];
  for (let next = stack.pop(); next !== undefined; next = stack.pop())
    for (const above of [...(site.strategies[next]?.moreExact ?? []), COMPUTE])
      if (!found.has(above) && Object.hasOwn(site.strategies, above)) {
        found.add(above);
        stack.push(above);
      }
  found.delete(name);
  return found;
}
