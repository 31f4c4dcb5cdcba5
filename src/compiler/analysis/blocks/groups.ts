/**
 * Which sums bring what an attention gives back to the streams that it was computed from: the first ones
 * on every way behind it. Self-attentions that come back by the same sums belong together.
 */
import type { Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import type { Ancestry } from '../ancestry.js';
import type { Attention } from '../attention/index.js';
import type { Refusal } from '../refusal.js';
import type { Group } from './grow.js';
import { nearSum } from './near-sum.js';
import type { Readers } from './readers.js';
import { follows, type Residual } from './residual.js';

export interface Groups {
  /** In the order of their first attentions. */
  readonly groups: readonly Group[];
  /** The attentions that a sum brings back. */
  readonly broughtBy: ReadonlyMap<Residual, readonly Attention[]>;
  /** Self-attentions that come back to no stream. */
  readonly refused: readonly Refusal[];
}

export function groupAttentions(
  attentions: readonly Attention[],
  connections: readonly Residual[],
  ancestry: Ancestry,
  readers: Readers,
  shapes: ShapeTable,
): Groups {
  const byAdd = new Map(connections.map((sum) => [sum.add, sum]));
  const groups: Group[] = [];
  const groupOf = new Map<Residual, Group>();
  const broughtBy = new Map<Residual, Attention[]>();
  const refused: Refusal[] = [];
  for (const attention of attentions) {
    const sums = sumsBehind(attention, byAdd, ancestry, readers);
    for (const sum of sums) broughtBy.set(sum, [...(broughtBy.get(sum) ?? []), attention]);
    // neither begins a block: what comes of a context or of a pooled sequence is one summand of many
    if (attention.kind === 'cross' || attention.kind === 'pooling') continue;
    if (sums.length > 0) {
      const known = sums.map((sum) => groupOf.get(sum)).find((group) => group);
      const group = known ?? { mixes: [], sums: [] };
      if (!known) groups.push(group);
      group.mixes.push(attention.mix);
      for (const sum of sums) {
        if (groupOf.has(sum)) continue;
        groupOf.set(sum, group);
        group.sums.push(sum);
      }
    } else
      refused.push({
        reason:
          nearSum(attention, ancestry, readers, shapes) ??
          `no Add joins what "${attention.output.name}" becomes with the value that the attention was computed from`,
        node: attention.softmax.label,
      });
  }
  return { groups, broughtBy, refused };
}

/**
 * The first sum on every way behind an attention that adds to what it was computed from. Those around
 * them, such as the one around a whole transformer of a U-Net, come later. In the order of the sources.
 */
function sumsBehind(
  { q, mix, scores }: Attention,
  byAdd: ReadonlyMap<Node, Residual>,
  ancestry: Ancestry,
  readers: Readers,
): Residual[] {
  const found = new Set<Residual>();
  const open: Value[] = mix.outputs.filter((value) => value !== null);
  const seen = new Set<Node>();
  for (let value = open.pop(); value; value = open.pop())
    for (const node of readers.of(value)) {
      const sum = byAdd.get(node);
      if (sum?.branch === value && follows(scores.output, sum.from[0]!, ancestry)) found.add(sum);
      else if (!seen.has(node)) {
        seen.add(node);
        for (const made of node.outputs) if (made) open.push(made);
      }
    }
  // of several sources each has a stream of its own
  const sourceOf = ({ from }: Residual) => {
    const source = q.sources.findIndex((value) => follows(value, from[0]!, ancestry));
    return source < 0 ? q.sources.length : source;
  };
  const place = ({ add }: Residual) => ancestry.place(add);
  return [...found].sort((a, b) => sourceOf(a) - sourceOf(b) || place(a) - place(b));
}
