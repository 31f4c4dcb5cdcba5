/** The two halves of a guidance pair in one tensor: the first half of the leading axis, then the second. */
import type { Tensor, TensorConstructor } from 'onnxruntime-common';
import type { Schedule } from '../../runtime/schedule/index.js';
import type { Feeds } from './feeds.js';

type Order = NonNullable<Schedule['source']['guidance']>['order'];

/** 0 or 1: the half that is conditional. */
export const conditionalHalf = (order: Order): 0 | 1 => (order === 'cond-first' ? 0 : 1);

/** One half of a tensor's rows (leading axis, of even size) in the place of both. */
export function withHalfTwice(Tensor: TensorConstructor, tensor: Tensor, half: 0 | 1): Tensor {
  const data = tensor.data as Float32Array;
  const middle = data.length / 2;
  const doubled = data.slice();
  doubled.copyWithin(half === 0 ? middle : 0, half * middle, (half + 1) * middle);
  return new Tensor(tensor.type as never, doubled as never, tensor.dims) as unknown as Tensor;
}

/** Row of the conditional half that stands for each row of a batch. */
export const rowsOfHalf = (rows: number, half: 0 | 1): number[] =>
  Array.from({ length: rows }, (_, row) => (row % (rows / 2)) + half * (rows / 2));

/**
 * Feeds in which both halves of every batch are the same: an input is batched when its leading axis
 * is as long as the latent's, and the latent's is even.
 */
export function withEqualHalves(
  Tensor: TensorConstructor,
  feeds: Feeds,
  roles: NonNullable<Schedule['source']['roles']>,
): Feeds {
  const batch = feeds[roles.latent ?? '']?.dims[0];
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => {
      const [rows = 1] = tensor.dims;
      const batched = rows % 2 === 0 && (batch === undefined || rows === batch);
      return [name, batched ? withHalfTwice(Tensor, tensor, 0) : tensor];
    }),
  );
}
