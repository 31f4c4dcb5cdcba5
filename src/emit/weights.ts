/**
 * The one weights file of a bundle. Tensors that lie in a file already (the source model itself, or
 * its external data) are pointed at, not read: that file is hard-linked into the bundle, or cloned
 * or copied where the file system cannot link. Only when the weights lie in several files, or when those
 * that no model reads are to be left out, are they gathered into one, in one pass over the files.
 */
import fs from 'node:fs';
import path from 'node:path';
import { externalDataShort, tensorDataSize } from '../errors/index.js';
import { subgraphs } from '../ir/attribute.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import { type ByteSource, type Tensor, tensorBytes } from '../ir/tensor.js';
import { writePieces } from '../onnx/files.js';
import type { Piece } from '../onnx/source.js';
import type { WeightsMode } from './modes.js';

export const WEIGHTS_FILE = 'weights.bin';

/** Where a tensor's bytes lie on disk. */
interface Place {
  readonly source: ByteSource;
  readonly offset: number;
  readonly length: number;
}

export interface WeightsPlan {
  /** Undefined when the models hold all their weights themselves. */
  readonly file?: {
    readonly name: string;
    readonly bytes: number;
    /** Bytes of it that some model reads. */
    readonly used: number;
  };
  /** The one file to link, when there is one; else the pieces to gather. */
  readonly link?: string;
  readonly pieces: readonly Piece[];
}

/** Gathered tensors start at multiples of this, so that engines can map them. */
const ALIGNMENT = 64;

/**
 * Points the tensors of all models to the bundle's weights file (the models are changed).
 * @param prune leave out what no model reads
 * @throws TENSOR_DATA_SIZE and the EXTERNAL_DATA_ errors
 */
export function shareWeights(models: Iterable<Model>, prune = false): WeightsPlan {
  const all = [...models];
  const places = new Map<Tensor, Place>();
  const paths = new Map<string, ByteSource>();
  for (const model of all)
    forEachInitializer(model.graph, (tensor, name) => {
      const place = placeOf(tensor, name);
      if (!place?.source.path) return;
      places.set(tensor, place);
      paths.set(place.source.path, place.source);
    });
  if (paths.size === 0) return { pieces: [] };

  const keyOf = ({ source, offset, length }: Place) => `${source.path}\n${offset}\n${length}`;
  const lengths = new Map([...places.values()].map((place) => [keyOf(place), place.length]));
  const used = [...lengths.values()].reduce((sum, length) => sum + length, 0);
  const offsets = new Map<string, number>();
  const [single] = [...paths.values()];
  const gather = prune || paths.size > 1;
  const pieces: Piece[] = [];
  let end = 0;
  const offsetOf = (place: Place): number => {
    if (!gather) return place.offset;
    const key = keyOf(place);
    const known = offsets.get(key);
    if (known !== undefined) return known;
    const start = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    if (start > end) pieces.push(new Uint8Array(start - end));
    pieces.push(place);
    offsets.set(key, start);
    end = start + place.length;
    return start;
  };
  for (const model of all)
    rewriteInitializers(model.graph, (tensor) => {
      const place = places.get(tensor);
      if (!place) return tensor;
      return {
        ...tensor,
        data: {
          kind: 'external',
          location: WEIGHTS_FILE,
          offset: offsetOf(place),
          length: place.length,
          files: undefined,
        },
      };
    });
  const bytes = gather ? end : single!.size;
  const file = { name: WEIGHTS_FILE, bytes, used };
  return gather ? { file, pieces } : { file, link: single!.path!, pieces: [] };
}

/**
 * Checks that all weights of a model are there, without reading them.
 * @throws TENSOR_DATA_SIZE and the EXTERNAL_DATA_ errors
 */
export function checkWeights(model: Model): void {
  forEachInitializer(model.graph, placeOf);
}

function placeOf(tensor: Tensor, name: string): Place | undefined {
  const { data } = tensor;
  const needs = tensorBytes(tensor);
  const found =
    data.kind === 'bytes'
      ? data.bytes.length
      : data.kind === 'range' || data.kind === 'external'
        ? data.length
        : undefined;
  if (found !== undefined && needs > 0 && found !== needs) throw tensorDataSize(name, needs, found);
  if (data.kind === 'range') return data;
  if (data.kind !== 'external') return undefined;
  const source = data.files?.open(data.location, name);
  if (!source) return undefined;
  const length = data.length ?? needs;
  if (data.offset + length > source.size)
    throw externalDataShort(name, data.location, data.offset + length, source.size);
  return { source, offset: data.offset, length };
}

function forEachInitializer(graph: Graph, visit: (tensor: Tensor, name: string) => void): void {
  for (const value of graph.initializers)
    if (value.initializer) visit(value.initializer, value.name);
  for (const node of graph.nodes)
    for (const inner of subgraphs(node)) forEachInitializer(inner, visit);
}

function rewriteInitializers(graph: Graph, rewrite: (tensor: Tensor) => Tensor): void {
  for (const value of graph.initializers)
    if (value.initializer) value.initializer = rewrite(value.initializer);
  for (const node of graph.nodes)
    for (const inner of subgraphs(node)) rewriteInitializers(inner, rewrite);
}

/** Puts the weights file into a folder. */
export function placeWeights(plan: WeightsPlan, folder: string, mode: WeightsMode): void {
  if (!plan.file) return;
  const target = path.join(folder, plan.file.name);
  if (!plan.link) {
    writePieces(plan.pieces, target);
    return;
  }
  if (mode === 'link') {
    try {
      fs.linkSync(fs.realpathSync(plan.link), target);
      return;
    } catch (error) {
      // another file system, or one without hard links: a copy serves as well
      if (
        !['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'ENOSYS', 'EACCES'].includes(
          (error as NodeJS.ErrnoException).code ?? '',
        )
      )
        throw error;
    }
  }
  fs.copyFileSync(plan.link, target, fs.constants.COPYFILE_FICLONE);
}
