/**
 * Finds the skeleton of a U-Net by dataflow alone: its skip branches, numbered as DeepCache numbers
 * them (1 is the outermost). A skip join is a Concat of feature maps of which one, the skip,
 * holds nothing heavy that the others, the main branch, have not gone through as well: the main
 * branch passed through the skip's origin and came back. A sum is one where the main branch comes back from a
 * coarser scale. The joins must nest.
 *
 * Assumes canonical form only for its shapes; works on any spelling of blocks. Says which condition
 * failed, and where, when a graph is not a U-Net.
 */
import type { Dominance } from '../../model/ir/dominance.js';
import type { Graph } from '../../model/ir/graph.js';
import { isOp, type Node } from '../../model/ir/node.js';
import type { Value } from '../../model/ir/value.js';
import type { ShapeTable } from '../../model/shape/index.js';
import { joinsPerLevel } from './levels.js';
import type { Refusal } from './refusal.js';
import type { SkipJoin } from './skip-join.js';
import { cutBefore, mainBranch } from './unet/cut.js';
import { firstUnnested } from './unet/nesting.js';
import { Scales } from './unet/scale.js';
import { type Sides, sidesOf } from './unet/sides.js';
import { isSum, sumSides } from './unet/sums.js';
import { type Surroundings, surroundingsOf } from './unet/surroundings.js';

export type UnetAnalysis =
  | {
      readonly isUnet: true;
      readonly joins: readonly SkipJoin[];
      /** Branches that the deep region leaks around, with the reason; they are not in `joins`. */
      readonly refused: readonly (Refusal & { readonly branch: number })[];
      /** Joins of feature maps on the main branch that are no skip join, and why. */
      readonly passedOver: readonly Refusal[];
    }
  | { readonly isUnet: false; readonly refusal: Refusal };

export function analyzeUnet(graph: Graph, shapes: ShapeTable): UnetAnalysis {
  const around = surroundingsOf(graph, shapes);
  if (around.layers.size === 0)
    return no({ reason: 'the graph has no convolution or matrix product at all' });
  const { found, refused: rejected } = candidates(around);
  if (found.length === 0)
    return no({
      reason: rejected.some(({ at }) => isOp(at, 'Concat'))
        ? 'none of its Concat nodes joins a skip to a main branch'
        : 'it has no Concat, so no skip connection joins an encoder to a decoder',
      nearest: rejected.slice(-3).map((r) => `${r.node}: ${r.reason}`),
    });

  const { joins: cuts, broken } = nested(found, around);
  if (broken) return no(broken);

  const perLevel = joinsPerLevel(cuts, shapes);
  const joins = cuts.map(
    ({ node, cut, skip }, i): SkipJoin => ({ branch: i + 1, node, main: cut, skip, perLevel }),
  );
  const leaks = leaksAround(joins, around.dominance);
  const refused = joins.flatMap((join, i) =>
    leaks[i] ? [{ ...leaks[i], branch: join.branch }] : [],
  );
  const kept = joins.filter((_, i) => !leaks[i]);
  const trunk = mainBranch(cuts.at(-1)!, around);
  const passedOver = rejected.flatMap(({ at, reason, node }) =>
    trunk.has(at.output) ? [{ reason, node }] : [],
  );
  return { isUnet: true, joins: kept, refused, passedOver };
}

const no = (refusal: Refusal): UnetAnalysis => ({ isUnet: false, refusal });

type Join = Sides & { readonly cut: Value };

/** The joins, the outermost first; where sums are why they do not nest, those of Concats alone. */
function nested(
  found: readonly Sides[],
  around: Surroundings,
): { joins: readonly Join[]; broken: Refusal | undefined } {
  // the last join of the graph is the outermost
  const sides = [...found].reverse();
  const joins = sides.map((each, i): Join => {
    const cut = cutBefore(each, sides[i + 1], around) ?? each.main[0]!;
    return { ...each, cut };
  });
  const broken = firstUnnested(joins, around);
  const concats = found.filter(({ node }) => !isSum(node));
  const isMixed = concats.length > 0 && concats.length < found.length;
  return broken && isMixed ? nested(concats, around) : { joins, broken };
}

/** Joins in topological order, and what looks like one and is none. */
function candidates(around: Surroundings) {
  const found: Sides[] = [];
  const refused: (Refusal & { at: Node })[] = [];
  const scales = new Scales(around.shapes);
  for (const node of around.ancestry.order) {
    const sides = isOp(node, 'Concat')
      ? sidesOf(node, around)
      : isSum(node)
        ? sumSides(node, found, scales, around)
        : undefined;
    if (!sides) continue;
    if ('reason' in sides) refused.push({ ...sides, at: node });
    else found.push(sides);
  }
  return { found, refused };
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
