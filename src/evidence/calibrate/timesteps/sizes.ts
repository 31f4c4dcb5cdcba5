/** Sizes of a denoiser's symbolic dimensions, from the shapes and sizes that a caller asks for. */
import { fixedBatch, shapeMisfit, unknownInput, unknownSymbol } from '../../../errors/index.js';
import { parseDim, symbolsOf } from '../../../model/shape/index.js';
import type { DenoiserPorts } from '../../measure/denoise-bundle.js';
import { fitShape } from '../../measure/feeds.js';

export interface SizeOptions {
  /** Shapes of inputs as the model sees them: both halves of a guidance pair where it sees both. */
  readonly shapes?: Readonly<Record<string, readonly number[]>> | undefined;
  /** Sizes by symbol, such as `height`. */
  readonly freeze?: Readonly<Record<string, number>> | undefined;
}

/**
 * The sizes but for the batch, which the number of samples settles and which must agree with it.
 * @param rows images that the model sees at a time
 * @throws SHAPE_UNKNOWN_INPUT, SHAPE_UNKNOWN_SYMBOL, SHAPE_MISFIT, CALIBRATE_BATCH
 */
export function askedSizes(
  { inputs, roles }: DenoiserPorts,
  { shapes = {}, freeze = {} }: SizeOptions,
  { samples, rows }: { readonly samples: number; readonly rows: number },
): Map<string, number> {
  const dims = inputs.flatMap((port) => port.shape.filter((dim) => typeof dim === 'string'));
  const symbols = new Set(dims.flatMap((dim) => [...symbolsOf(parseDim(dim))]));
  for (const symbol of Object.keys(freeze))
    if (!symbols.has(symbol)) throw unknownSymbol(symbol, [...symbols]);
  const sizes = new Map(Object.entries(freeze));
  for (const [name, shape] of Object.entries(shapes)) {
    const port = inputs.find((p) => p.name === name);
    if (!port)
      throw unknownInput(
        name,
        inputs.map((p) => p.name),
      );
    if (!fitShape(port, shape, sizes)) throw shapeMisfit(name, shape, port.shape, sizes);
  }
  const latent = inputs.find((port) => port.name === roles.latent);
  const batch = latent?.shape[0];
  if (latent && typeof batch === 'string') {
    const size = sizes.get(batch);
    if (size !== undefined && size !== rows)
      throw fixedBatch(latent.name, size, samples, rows !== samples);
    sizes.delete(batch);
  }
  return sizes;
}
