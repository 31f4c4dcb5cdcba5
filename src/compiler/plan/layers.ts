/**
 * Sites that choose what leaves a graph as the same outputs, one behind the other: the second takes, and keeps, what the
 * first lets leave.
 */
import type { Value } from '../../model/ir/value.js';
import type { Site } from './site.js';
import { partsOf } from './strategies.js';

/** Values that both choose. */
export const shared = (site: Site, other: Site): Value[] =>
  other.outputs.filter((value) => site.outputs.includes(value));

/** Does a site come behind another one at all that both choose? */
export function isBehind(site: Site, other: Site): boolean {
  const both = shared(site, other);
  const leaving = partsOf(other).flatMap(({ leaves, outputs }) => (leaves ? outputs : []));
  return (
    both.length > 0 &&
    partsOf(site).every(({ behind }) => behind) &&
    both.every((value) => leaving.includes(value))
  );
}

/** Those that come behind others after all others; no two where none does. */
export const inLayers = (sites: readonly Site[]): Site[] => {
  const isLast = (site: Site) => sites.some((other) => other !== site && isBehind(site, other));
  return [...sites.filter((site) => !isLast(site)), ...sites.filter(isLast)];
};
