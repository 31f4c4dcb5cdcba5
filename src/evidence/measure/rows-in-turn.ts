/** Inputs with a row for each image, for any number of images: rows are taken in turn. */
import type { TensorConstructor } from 'onnxruntime-common';
import type { DenoiserPorts } from './denoise-bundle.js';
import { type GivenFeeds, isWritten } from './loop-given.js';
import { takeRows } from './rows.js';

/** The size of the batch, or what it is called. */
export const batchOf = ({ inputs, roles }: DenoiserPorts) =>
  inputs.find(({ name }) => name === roles.latent)?.shape[0];

/**
 * Of arrays with a row for each image those of some; what has one row, or none for an image, goes in as it is.
 * @param first of the images, counted from 0
 */
export function rowsInTurn(
  Tensor: TensorConstructor,
  ports: DenoiserPorts,
  given: GivenFeeds,
  first: number,
  count: number,
): GivenFeeds {
  const batch = batchOf(ports);
  const perImage = new Set(
    ports.inputs.filter(({ shape }) => shape.length > 0 && shape[0] === batch).map((p) => p.name),
  );
  return Object.fromEntries(
    Object.entries(given).map(([name, one]) => {
      if (isWritten(one) || !perImage.has(name) || one.dims[0] === 1) return [name, one];
      const rows = Array.from({ length: count }, (_, i) => (first + i) % one.dims[0]!);
      return [name, takeRows(Tensor, one, rows)];
    }),
  );
}
