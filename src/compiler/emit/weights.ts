/**
 * The weights files of a bundle. Tensors that lie in a file already (the source model itself, or its
 * external data) are pointed at, not read: each such file that some model reads is linked, cloned or
 * copied into the bundle as a whole. They are gathered into one, in one pass over the files, only where
 * those that no model reads are to be left out, or where several files have to be copied anyhow.
 * place-weights.ts puts them on a disk.
 */
import { externalDataShort, tensorDataMissing, tensorDataSize } from '../../errors/index.js';
import type { Model } from '../../model/ir/model.js';
import { replaceTensors } from '../../model/ir/stored-tensors.js';
import {
  type ByteSource,
  type FileAccess,
  type Tensor,
  tensorBytes,
} from '../../model/ir/tensor.js';
import type { Piece } from '../../model/onnx/source.js';
import type { WeightsMode } from './modes.js';

/** Where a tensor's bytes lie in a file. */
interface Place {
  readonly source: ByteSource;
  readonly offset: number;
  readonly length: number;
}

export interface WeightsFile {
  readonly name: string;
  readonly bytes: number;
  /** Bytes of it that some model reads. */
  readonly used: number;
  /** The file that it is as a whole, or the pieces to gather. */
  readonly from: ByteSource | readonly Piece[];
  /**
   * onnxruntime takes external data of graphs inside nodes only from a file with one name: a hard link
   * would keep it from loading this bundle, and the source.
   */
  readonly linkable: boolean;
}

/** None where the models hold all their weights themselves. */
export type WeightsPlan = readonly WeightsFile[];

/** What tells a file from others; nothing tells bytes that lie in memory. */
type FileKey = string | FileAccess;
const keyOf = (source: ByteSource): FileKey | undefined => source.path ?? source.file;

/** Gathered tensors start at multiples of this, so that engines can map them. */
const ALIGNMENT = 64;

/**
 * Points the tensors of all models to the bundle's weights files (the models are changed).
 * @param source the model that the others were made from, if it has to stay as usable as it is
 * @throws TENSOR_DATA_SIZE and the EXTERNAL_DATA_ errors
 */
export function shareWeights(
  models: Iterable<Model>,
  mode: WeightsMode = 'link',
  source?: Model,
): WeightsPlan {
  const all = [...models];
  const unlinkable = filesOfBranches(source ? [...all, source] : all, source);
  const places = new Map<Tensor, Place>();
  /** By file, and within a file by range: what is read of it. */
  const files = new Map<FileKey, Map<string, Place>>();
  for (const model of all)
    replaceTensors(model.graph, (tensor, name) => {
      const place = placeOf(tensor, name);
      const file = place && keyOf(place.source);
      if (!file) return undefined;
      places.set(tensor, place);
      const ranges = files.get(file) ?? new Map<string, Place>();
      files.set(file, ranges.set(rangeOf(place), place));
      return undefined;
    });
  if (files.size === 0) return [];
  const gather = mode === 'prune' || (mode === 'copy' && files.size > 1);
  const layout = gather ? gathered(files) : asTheyAre(files, unlinkable);
  for (const model of all)
    replaceTensors(model.graph, (tensor) => {
      const place = places.get(tensor);
      if (!place) return undefined;
      const { length } = place;
      return {
        ...tensor,
        data: { kind: 'external', ...layout.at(place), length, files: undefined },
      };
    });
  return layout.files;
}

/**
 * Files from which graphs inside nodes take external data: those that must have no second name.
 * @param source one of the models that holds in branches what its own file holds
 */
export function filesOfBranches(models: Iterable<Model>, source?: Model): Set<FileKey> {
  const found = new Set<FileKey>();
  for (const model of models)
    replaceTensors(model.graph, (tensor, name, inNode) => {
      // what the source holds itself it may go on holding in branches; in the bundle all is external
      const isExternal = model !== source || tensor.data.kind === 'external';
      const place = inNode && isExternal ? placeOf(tensor, name) : undefined;
      const file = place && keyOf(place.source);
      if (file) found.add(file);
      return undefined;
    });
  return found;
}

const rangeOf = ({ offset, length }: Place) => `${offset} ${length}`;

interface Layout {
  readonly files: WeightsPlan;
  at(place: Place): { location: string; offset: number };
}

type FileRanges = ReadonlyMap<FileKey, ReadonlyMap<string, Place>>;

/** The source's own files, under names that say nothing of where they came from. */
function asTheyAre(files: FileRanges, unlinkable: ReadonlySet<FileKey>): Layout {
  const digits = String(files.size - 1).length;
  const names = new Map(
    [...files.keys()].map((file, index) => [
      file,
      files.size === 1 ? 'weights.bin' : `weights.${String(index).padStart(digits, '0')}.bin`,
    ]),
  );
  return {
    files: [...files].map(([file, ranges]) => {
      const [place] = ranges.values();
      return {
        name: names.get(file)!,
        bytes: place!.source.size,
        used: total(ranges),
        from: place!.source,
        linkable: !unlinkable.has(file),
      };
    }),
    at: ({ source, offset }) => ({ location: names.get(keyOf(source)!)!, offset }),
  };
}

/** One file with each range once. */
function gathered(files: FileRanges): Layout {
  const name = 'weights.bin';
  const offsets = new Map<FileKey, Map<string, number>>();
  const pieces: Piece[] = [];
  let end = 0;
  for (const [file, ranges] of files) {
    const starts = new Map<string, number>();
    offsets.set(file, starts);
    for (const [range, place] of ranges) {
      const start = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
      if (start > end) pieces.push(new Uint8Array(start - end));
      pieces.push(place);
      starts.set(range, start);
      end = start + place.length;
    }
  }
  const used = [...files.values()].reduce((sum, ranges) => sum + total(ranges), 0);
  return {
    files: [{ name, bytes: end, used, from: pieces, linkable: false }],
    at: (place) => ({
      location: name,
      offset: offsets.get(keyOf(place.source)!)!.get(rangeOf(place))!,
    }),
  };
}

const total = (ranges: ReadonlyMap<string, Place>) =>
  [...ranges.values()].reduce((sum, { length }) => sum + length, 0);

/**
 * Checks that all weights of a model are there, without reading them.
 * @throws TENSOR_DATA_SIZE and the EXTERNAL_DATA_ errors
 */
export function checkWeights(model: Model): void {
  weightsFilesOf(model);
}

/**
 * Paths of the files that hold weights of a model, each once: the model's own among them where some lie
 * inside it.
 * @throws TENSOR_DATA_SIZE and the EXTERNAL_DATA_ errors
 */
export function weightsFilesOf(model: Model): Set<string> {
  const files = new Set<string>();
  replaceTensors(model.graph, (tensor, name) => {
    const file = placeOf(tensor, name)?.source.path;
    if (file !== undefined) files.add(file);
    return undefined;
  });
  return files;
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
  if (!data.files) throw tensorDataMissing(name, data.location);
  const source = data.files.open(data.location, name);
  const length = data.length ?? needs;
  if (data.offset + length > source.size)
    throw externalDataShort(name, data.location, data.offset + length, source.size);
  return { source, offset: data.offset, length };
}
