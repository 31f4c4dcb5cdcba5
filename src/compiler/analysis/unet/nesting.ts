/** Joins must nest like brackets: inner ones lie between the origin and the end of outer skips. */
import type { Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { Refusal } from '../refusal.js';
import type { Sides } from './sides.js';
import type { Surroundings } from './surroundings.js';

/** @param joins the outermost first */
export function firstUnnested(
  joins: readonly (Sides & { readonly cut: Value })[],
  { ancestry, layers }: Surroundings,
): Refusal | undefined {
  const firstJoin = ancestry.firstsAmong(new Set(joins.map(({ node }) => node)));
  for (const [i, outer] of joins.entries()) {
    const at = (reason: string): Refusal => ({ reason, node: outer.node.label });
    const what = nameOf(outer.node);
    const before = firstJoin(outer.origin);
    if (before)
      return at(
        `the skip of this ${what} comes out of the decoder (it depends on "${before.label}")`,
      );
    const inner = joins[i + 1];
    if (!inner) continue;
    const behind = `the ${nameOf(inner.node)} before it, "${inner.node.label}"`;
    if (!ancestry.dependsOn(outer.cut, inner.node))
      return at(`its main branch does not go through ${behind}`);
    const stray = ancestry.firstOnly(outer.origin, inner.origin, layers);
    if (stray)
      return at(
        `its skip holds "${stray.label}", which the skip of the inner ${nameOf(inner.node)} "${inner.node.label}" has not gone through: the skips do not nest`,
      );
  }
  return undefined;
}

const nameOf = (node: Node): string => (node.opType === 'Concat' ? 'Concat' : 'sum');
