/**
 * A bundle as files that are yet to be written: to a zip, a browser's storage, a server. The same bytes as
 * those of `writeBundle`, with copied weights. Free of Node imports.
 */
import { hashOf, streamFile, streamPieces, streamSamples } from '../../model/files/stream.js';
import type { FileAccess } from '../../model/ir/tensor.js';
import { sortedPieces } from '../../model/onnx/codec.js';
import { type Piece, pieceLength } from '../../model/onnx/source.js';
import type { Compilation } from '../pipeline/index.js';
import { assemble, type BundleRecord, describe, modelFile } from './assemble.js';
import { defaultsFiles, type LoopDefaults } from './defaults.js';
import { inForm } from './form.js';
import { isCheapToHash, type WeightsRecord } from './weights-record.js';

export interface BundleFilesOptions {
  /** The source model's file: its name and hash are recorded. */
  readonly source: FileAccess;
  /** Whole weights files as they are (default), or only what some model reads. */
  readonly weights?: 'copy' | 'prune';
  /** What loops over the bundle are given where nothing else is said: `defaults.json`. */
  readonly defaults?: LoopDefaults;
}

export interface BundleFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** The contents, in parts of a few megabytes; can be asked for again. */
  bytes(): AsyncIterable<Uint8Array>;
}

/**
 * Reads the source once, for its hash, and samples of the weights; their bytes are read when they are asked for.
 * @throws ONNX_TOO_LARGE, TENSOR_DATA_SIZE, the EXTERNAL_DATA_ errors, and what reading the source throws
 */
export async function bundleFiles(
  given: Compilation,
  { source, weights: mode = 'copy', defaults = {} }: BundleFilesOptions,
): Promise<BundleRecord & { readonly files: readonly BundleFile[] }> {
  const compilation = inForm(given);
  const assembly = assemble(compilation, mode);
  const weights = assembly.weights.map(({ name, from }) =>
    'label' in from
      ? fileOf(name, [{ source: from, offset: 0, length: from.size }])
      : fileOf(name, from),
  );
  const hashes = new Map<string, string>();
  const models: BundleFile[] = [];
  for (const [id, model] of assembly.models) {
    const file = fileOf(modelFile(id), sortedPieces(model, modelFile(id)));
    models.push(file);
    hashes.set(id, await hashOf(file.bytes()));
  }
  const sha256 = await hashOf(streamFile(source));
  const records = new Map<string, WeightsRecord>();
  for (const { name, bytes, from } of assembly.weights) {
    const isWhole = 'label' in from;
    const pieces = isWhole ? [{ source: from, offset: 0, length: from.size }] : from;
    const whole =
      isWhole && from.file === source
        ? sha256
        : isCheapToHash(bytes)
          ? await hashOf(streamPieces(pieces))
          : undefined;
    records.set(name, {
      by: isWhole ? 'copied' : 'gathered',
      samples: await hashOf(streamSamples(pieces)),
      ...(whole !== undefined && { sha256: whole }),
    });
  }
  const { bundle, files } = describe(compilation, assembly, {
    source: { file: source.name, sha256 },
    hashes,
    weights: records,
  });
  const texts = files.map(({ name, text }) => fileOf(name, [new TextEncoder().encode(text)]));
  const said = defaultsFiles(defaults).map(({ name, bytes }) => fileOf(name, [bytes]));
  return { ...bundle, files: [...weights, ...models, ...texts, ...said] };
}

const fileOf = (name: string, pieces: readonly Piece[]): BundleFile => ({
  name,
  size: pieces.reduce((sum, piece) => sum + pieceLength(piece), 0),
  bytes: () => streamPieces(pieces),
});
