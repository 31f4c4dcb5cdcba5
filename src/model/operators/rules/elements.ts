/** Positions of elements in small row-major tensors, for rules that move elements about. */
import { type Fraction, MAX_CONTENTS } from './facts.js';

export function countOf(shape: readonly number[]): number {
  return shape.reduce((n, d) => n * d, 1);
}

function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--)
    strides[i] = (strides[i + 1] as number) * (shape[i + 1] as number);
  return strides;
}

/** Every index of a tensor of that shape, in row-major order. */
export function* indicesOf(shape: readonly number[]): Generator<readonly number[]> {
  const total = countOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  for (let n = 0; n < total; n++) {
    yield index;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      index[axis] = 0;
    }
  }
}

export function elementAt<T>(
  elements: readonly T[],
  shape: readonly number[],
  index: readonly number[],
): T {
  const strides = stridesOf(shape);
  return elements[index.reduce((at, i, axis) => at + i * (strides[axis] as number), 0)] as T;
}

/**
 * A tensor each of whose elements comes from the index that `source` names in another; undefined when
 * they are too many to follow.
 */
export function rearrange(
  elements: readonly Fraction[],
  from: readonly number[],
  to: readonly number[],
  source: (index: readonly number[]) => readonly number[],
): Fraction[] | undefined {
  if (countOf(to) > MAX_CONTENTS) return undefined;
  const moved: Fraction[] = [];
  for (const index of indicesOf(to)) moved.push(elementAt(elements, from, source(index)));
  return moved;
}

/** The index in a tensor of shape `from` that broadcasting reads for `index` of the result. */
export function broadcastIndex(index: readonly number[], from: readonly number[]): number[] {
  const offset = index.length - from.length;
  return from.map((size, axis) => (size === 1 ? 0 : (index[axis + offset] as number)));
}
