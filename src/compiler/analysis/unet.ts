/**
 * Finds the skeleton of a U-Net by dataflow alone: its skip branches, numbered as DeepCache numbers
 * them (1 is the outermost). A skip join is a Concat of two feature maps of which one, the skip,
 * holds nothing heavy that the other, the main branch, has not gone through as well: the main
 * branch passed through the skip's origin and came back. The joins must nest.
 *
 * Assumes canonical form only for its shapes; works on any spelling of blocks. Says which condition
 * failed, and where, when a graph is not a U-Net.
 */
import { isHeavy } from '../../model/cost/index.js';
import { withContents } from '../../model/ir/attribute.js';
import { constantTensor } from '../../model/ir/constants.js';
import { Dominance } from '../../model/ir/dominance.js';
import type { Graph } from '../../model/ir/graph.js';
import { isOp, type Node } from '../../model/ir/node.js';
import type { Value } from '../../model/ir/value.js';
import type { ShapeTable } from '../../model/shape/index.js';
import { Ancestry } from './ancestry.js';
import { joinsPerLevel } from './levels.js';
import type { Refusal } from './refusal.js';
import type { SkipJoin } from './skip-join.js';

export type UnetAnalysis =
  | {
      readonly isUnet: true;
      readonly joins: readonly SkipJoin[];
      /** Branches that the deep region leaks around, with the reason; they are not in `joins`. */
      readonly refused: readonly (Refusal & { readonly branch: number })[];
    }
  | { readonly isUnet: false; readonly refusal: Refusal };

export function analyzeUnet(graph: Graph, shapes: ShapeTable): UnetAnalysis {
  const ancestry = new Ancestry(graph);
  const layers = new Set(ancestry.order.filter(holdsHeavy));
  if (layers.size === 0)
    return no({ reason: 'the graph has no convolution or matrix product at all' });
  const firstLayer = ancestry.firstsAmong(layers);
  const concats = ancestry.order.filter((node) => isOp(node, 'Concat'));
  const rejected: Refusal[] = [];
  const found: Omit<SkipJoin, 'branch' | 'perLevel'>[] = [];
  for (const node of concats) {
    const result = asJoin(node, ancestry, layers, shapes);
    if ('reason' in result) rejected.push(result);
    else if (!firstLayer(result.skip))
      rejected.push({ reason: 'its skip comes from no layer of the encoder', node: node.label });
    else found.push(result);
  }
  if (found.length === 0)
    return no({
      reason:
        concats.length === 0
          ? 'it has no Concat, so no skip connection joins an encoder to a decoder'
          : 'none of its Concat nodes joins a skip to a main branch',
      nearest: rejected.slice(-3).map((r) => `${r.node}: ${r.reason}`),
    });

  // the last join of the graph is the outermost
  found.reverse();
  const perLevel = joinsPerLevel(found, shapes);
  const joins = found.map((join, i) => ({ ...join, branch: i + 1, perLevel }));
  const broken = firstUnnested(joins, ancestry, layers);
  if (broken) return no(broken);

  const leaks = leaksAround(joins, new Dominance(graph, ancestry.order));
  const refused = joins.flatMap((join, i) =>
    leaks[i] ? [{ ...leaks[i], branch: join.branch }] : [],
  );
  const kept = joins.filter((_, i) => !leaks[i]);
  return { isUnet: true, joins: kept, refused };
}

/** Is the node heavy, or one in a graph inside it? */
const holdsHeavy = (node: Node): boolean =>
  [...withContents([node])].some((part) => 'opType' in part && isHeavy(part));

const no = (refusal: Refusal): UnetAnalysis => ({ isUnet: false, refusal });

function asJoin(
  node: Node,
  ancestry: Ancestry,
  layers: ReadonlySet<Node>,
  shapes: ShapeTable,
): Omit<SkipJoin, 'branch' | 'perLevel'> | Refusal {
  const refuse = (reason: string): Refusal => ({ reason, node: node.label });
  const data = node.inputs.filter((v): v is Value => v !== null && !constantTensor(v));
  if (data.length !== 2) return refuse(`it joins ${data.length} computed values, not 2`);
  const rank = shapes.shape(node.output)?.length;
  if (rank !== undefined && rank < 3)
    return refuse(`its values have rank ${rank}, so they are no feature maps`);
  const [a, b] = data as [Value, Value];
  const onlyA = ancestry.hasOnly(a, b, layers);
  const onlyB = ancestry.hasOnly(b, a, layers);
  if (onlyA && onlyB) {
    const [first, second] = [ancestry.firstOnly(a, b, layers), ancestry.firstOnly(b, a, layers)];
    return refuse(
      `both inputs hold work of their own ("${first!.label}" and "${second!.label}"), so neither is a skip`,
    );
  }
  if (!onlyA && !onlyB) return refuse('neither input went through layers that the other did not');
  const [main, skip] = onlyA ? [a, b] : [b, a];
  return { node, main, skip };
}

/** Joins must nest like brackets: inner ones lie between the origin and the end of outer skips. */
function firstUnnested(
  joins: readonly SkipJoin[],
  ancestry: Ancestry,
  layers: ReadonlySet<Node>,
): Refusal | undefined {
  const firstJoin = ancestry.firstsAmong(new Set(joins.map(({ node }) => node)));
  for (const [i, outer] of joins.entries()) {
    const before = firstJoin(outer.skip);
    if (before)
      return {
        reason: `the skip of this Concat comes out of the decoder (it depends on "${before.label}")`,
        node: outer.node.label,
      };
    const inner = joins[i + 1];
    if (!inner) continue;
    if (!ancestry.dependsOn(outer.main, inner.node))
      return {
        reason: `its main branch does not go through the Concat before it, "${inner.node.label}"`,
        node: outer.node.label,
      };
    const stray = ancestry.firstOnly(outer.skip, inner.skip, layers);
    if (stray)
      return {
        reason: `its skip holds "${stray.label}", which the skip of the inner Concat "${inner.node.label}" has not gone through: the skips do not nest`,
        node: outer.node.label,
      };
  }
  return undefined;
}

/** With the main input given, nothing deeper may be needed any more: for each join, what is. */
function leaksAround(joins: readonly SkipJoin[], dominance: Dominance): (Refusal | undefined)[] {
  const leaks: (Refusal | undefined)[] = joins.map(() => undefined);
  // where the next one holds everything deeper, it is enough to look at that one
  for (let i = joins.length - 2; i >= 0; i--) {
    const { node, main } = joins[i + 1]!;
    const holds = [node, main].every((part) => dominance.isOnlyFor(part, joins[i]!.main));
    if (leaks[i + 1] || !holds) leaks[i] = leakAround(joins[i]!, joins.slice(i + 1), dominance);
  }
  return leaks;
}

function leakAround(
  join: SkipJoin,
  deeper: readonly SkipJoin[],
  dominance: Dominance,
): Refusal | undefined {
  const leaking = deeper.find((other) => !dominance.isOnlyFor(other.node, join.main));
  return (
    leaking && {
      reason: `the output depends on the deeper Concat "${leaking.node.label}" by another way than through "${join.main.name}"`,
      node: join.node.label,
    }
  );
}
