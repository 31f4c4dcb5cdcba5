/** Puts the weights files of a bundle into a folder. */
import path from 'node:path';
import { weightsElsewhere } from '../errors/index.js';
import type { ByteSource } from '../ir/tensor.js';
import { writePieces } from '../onnx/files.js';
import type { WeightsMode } from './modes.js';
import { placeFile } from './place-file.js';
import type { WeightsPlaced } from './report.js';
import type { WeightsPlan } from './weights.js';

/**
 * Says of each file, by name, how it came there.
 * @throws WEIGHTS_ELSEWHERE for a model that was opened from no file of this machine
 */
export function placeWeights(
  plan: WeightsPlan,
  folder: string,
  mode: WeightsMode,
): Map<string, WeightsPlaced> {
  return new Map(
    plan.map(({ name, from, linkable }) => {
      const target = path.join(folder, name);
      if (!('label' in from)) {
        for (const piece of from) if (!(piece instanceof Uint8Array)) checkOnDisk(piece.source);
        writePieces(from, target);
        return [name, 'gathered'];
      }
      checkOnDisk(from);
      // what is pruned is gathered, so a whole file is never meant by it
      const way = mode === 'prune' ? 'copy' : mode;
      return [name, placeFile(from.path, target, way === 'link' && !linkable ? 'reflink' : way)];
    }),
  );
}

function checkOnDisk(source: ByteSource): asserts source is ByteSource & { readonly path: string } {
  if (source.path === undefined) throw weightsElsewhere(source.label);
}
