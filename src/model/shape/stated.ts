/** What a stated shape comes to, such as that of a schedule's port or state: its sizes, and its bytes. */
import { elementCount } from '../ir/tensor.js';
import { byteLength, type DataType, type Dim } from '../ir/types.js';
import { parseDim } from '../sizes/parse.js';
import { evaluate } from '../sizes/substitute.js';

/** Undefined where nothing is stated, or it does not follow from these sizes. */
export const sizeOf = (dim: Dim, bindings: ReadonlyMap<string, number>): number | undefined =>
  typeof dim === 'string' ? evaluate(parseDim(dim), bindings) : (dim ?? undefined);

/** Undefined where a size does not follow from these, or an element has no fixed number of bytes. */
export function bytesOf(
  { type, shape }: { readonly type: DataType; readonly shape: readonly Dim[] },
  bindings: ReadonlyMap<string, number>,
): number | undefined {
  const dims = shape.map((dim) => sizeOf(dim, bindings));
  return dims.every((dim) => dim !== undefined) ? byteLength(type, elementCount(dims)) : undefined;
}

/** Of all together; undefined where that of one is not known. */
export function bytesOfAll(
  tensors: Iterable<{ readonly type: DataType; readonly shape: readonly Dim[] }>,
  bindings: ReadonlyMap<string, number>,
): number | undefined {
  let total = 0;
  for (const tensor of tensors) {
    const bytes = bytesOf(tensor, bindings);
    if (bytes === undefined) return undefined;
    total += bytes;
  }
  return total;
}
