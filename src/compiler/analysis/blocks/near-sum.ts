/**
 * What keeps an attention from coming back to a stream, where a sum behind it is nearly one: sizes that differ
 * in how they are written alone, as where an export has the batch that it was traced with.
 */
import { isOp } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { type DimExpr, equal, type ShapeTable } from '../../../model/shape/index.js';
import type { Ancestry } from '../ancestry.js';
import type { Attention } from '../attention/index.js';
import type { Readers } from './readers.js';
import { follows } from './residual.js';

/** The first sum behind an attention with what it was computed from, in another shape; what to say of it. */
export function nearSum(
  { mix, scores }: Attention,
  ancestry: Ancestry,
  readers: Readers,
  shapes: ShapeTable,
): string | undefined {
  const open: Value[] = mix.outputs.filter((value) => value !== null);
  const seen = new Set<Value>(open);
  for (let value = open.shift(); value; value = open.shift())
    for (const node of readers.of(value)) {
      if (isOp(node, 'Add')) {
        const onto = node.inputs.find((input) => input && input !== value);
        const [before, behind] = [onto && shapes.shape(onto), shapes.shape(value)];
        const isBefore = onto && !onto.initializer && follows(scores.output, onto, ancestry);
        if (isBefore && before && behind && before.length === behind.length)
          return differing(onto, before, value, behind);
      }
      for (const made of node.outputs) {
        if (!made || seen.has(made)) continue;
        seen.add(made);
        open.push(made);
      }
    }
  return undefined;
}

function differing(
  onto: Value,
  before: readonly DimExpr[],
  branch: Value,
  behind: readonly DimExpr[],
): string | undefined {
  const axis = before.findIndex((size, i) => !equal(size, behind[i]!));
  if (axis < 0) return undefined;
  const written = (shape: readonly DimExpr[]) => `[${shape.map(String).join(', ')}]`;
  const what = `"${branch.name}" ${written(behind)} is added to "${onto.name}" ${written(before)}, which is no sum of one shape`;
  const [free, fixed] = [String(before[axis]), behind[axis]!.constant];
  const isName = /^[A-Za-z_]\w*$/.test(free);
  return isName && fixed !== undefined && fixed > 1
    ? `${what}; the export holds ${free} at ${fixed}, which --freeze ${free}=${fixed} says`
    : what;
}
