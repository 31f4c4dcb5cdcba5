/**
 * How many joins a U-Net has at each resolution, where they are as many at each: other programs number
 * skip branches by level and place in it. With n layers a block there are n + 1. Assumes that every level
 * has a resolution of its own; where the sizes are not known or the levels differ, nothing is said.
 */
import { attrNumber } from '../../model/ir/attribute.js';
import { isOp } from '../../model/ir/node.js';
import type { ShapeTable } from '../../model/shape/index.js';
import type { SkipJoin } from './skip-join.js';

/** @param joins all of them, the outermost first */
export function joinsPerLevel(
  joins: readonly Pick<SkipJoin, 'node' | 'skip'>[],
  shapes: ShapeTable,
): number | undefined {
  const sizes = joins.map((join) => resolutionOf(join, shapes));
  if (sizes.includes(undefined)) return undefined;
  const counts: number[] = [];
  for (const [i, size] of sizes.entries())
    if (size === sizes[i - 1]) counts[counts.length - 1]!++;
    else counts.push(1);
  return new Set(counts).size === 1 ? counts[0] : undefined;
}

/** Sizes beside batch and channels. */
function resolutionOf(
  { node, skip }: Pick<SkipJoin, 'node' | 'skip'>,
  shapes: ShapeTable,
): string | undefined {
  // what is added to a skip from outside may call its sizes by names of its own
  const shape = shapes.shape(node.output) ?? shapes.shape(skip);
  // those programs are for images and videos, and know no join but a Concat
  if (!shape || shape.length < 4 || !isOp(node, 'Concat')) return undefined;
  const axis = attrNumber(node, 'axis', 1);
  const channels = axis < 0 ? axis + shape.length : axis;
  return shape
    .filter((_, i) => i !== 0 && i !== channels)
    .map(String)
    .join();
}
