/** Puts the weights files of a bundle into a folder, and notes what they are. */
import fs from 'node:fs';
import path from 'node:path';
import { weightsElsewhere } from '../../errors/index.js';
import { sha256, sha256OfSamples } from '../../model/files/hash-file.js';
import type { ByteSource } from '../../model/ir/tensor.js';
import { writePieces } from '../../model/onnx/files.js';
import type { WeightsMode, WeightsPlaced } from './modes.js';
import { placeFile } from './place-file.js';
import type { WeightsPlan } from './weights.js';
import { isCheapToHash, type WeightsRecord } from './weights-record.js';

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

interface RecordOptions {
  readonly hashWeights: boolean;
  /** A file whose hash was made already: the source model's, which may hold the weights. */
  readonly known: { readonly path: string; readonly sha256: string };
}

/** What each file is, by name, once it lies in the folder. */
export function recordWeights(
  plan: WeightsPlan,
  folder: string,
  placed: ReadonlyMap<string, WeightsPlaced>,
  { hashWeights, known }: RecordOptions,
): Map<string, WeightsRecord> {
  return new Map(
    plan.map(({ name, bytes, from }) => {
      const file = path.join(folder, name);
      const isKnown = 'label' in from && from.path && fs.realpathSync(from.path) === known.path;
      const whole = isKnown
        ? known.sha256
        : hashWeights || isCheapToHash(bytes)
          ? sha256(file)
          : undefined;
      const by = placed.get(name)!;
      const { ino, mtime } = fs.statSync(file, { bigint: true });
      return [
        name,
        {
          by,
          samples: sha256OfSamples(file),
          ...(whole !== undefined && { sha256: whole }),
          ...(by === 'linked' && {
            link: { modified: mtime.toISOString(), inode: String(ino) },
          }),
        },
      ];
    }),
  );
}

function checkOnDisk(source: ByteSource): asserts source is ByteSource & { readonly path: string } {
  if (source.path === undefined) throw weightsElsewhere(source.label);
}
