/** Models out of files that are read by promise: Blobs, web addresses, and whatever else is a `FileAccess`. */
import { externalDataMissing } from '../../errors/index.js';
import type { Model } from '../ir/model.js';
import { replaceTensors } from '../ir/stored-tensors.js';
import { type ByteSource, type ExternalFiles, type FileAccess, tensorBytes } from '../ir/tensor.js';
import { boundedSource } from '../onnx/bounded.js';
import { assemble, HEAD, refuseKnownFormats } from '../onnx/codec.js';
import { functionLocations } from '../onnx/functions.js';
import { checkLocation, locationProblem, plainLocation } from '../onnx/locations.js';
import { takeOut } from '../onnx/skeleton.js';
import { joinPieces, type Piece } from '../onnx/source.js';
import type { Stretch } from '../onnx/wire.js';
import { HeldFile } from './held-file.js';

/** Bytes. Every tensor up to here is held: whatever passes look into is small. */
const SMALL = 16 * 1024;
/** Bytes. Tensors so near to one another are read together, with what lies between them. */
const NEAR = 16 * 1024;

export interface OpenOptions {
  /**
   * The file of external data at a location that the model names; undefined where there is none. Asked once
   * for each file: `./w.bin` as `w.bin`. Locations outside the model's folder are refused unasked.
   */
  readonly external?: (
    location: string,
  ) => FileAccess | undefined | Promise<FileAccess | undefined>;
}

/**
 * Opens a model. Its weights are not read, large ones not even by what is done with it later: whoever
 * compiles or analyses it wraps that in `holding`, as `Pipeline.compile` and `prepare` do themselves.
 * @throws ONNX_INVALID, ONNX_TRUNCATED, FILE_CHANGED, FETCH_FAILED and the GRAPH_ errors of a malformed graph
 */
export async function openModel(file: FileAccess, options: OpenOptions = {}): Promise<Model> {
  const source = new HeldFile(file);
  // what the graph was read from, small tensors among it; let go of when the model is open
  const scanned = new HeldFile(file);
  const head = await scanned.hold({ offset: 0, length: Math.min(HEAD, file.size) });
  refuseKnownFormats(source, head);
  const reading = takeOut(source);
  let step = reading.next();
  while (!step.done) step = reading.next(await scanned.hold(step.value));
  const { skeleton, ranges } = step.value;
  const files = new ExternalAccess(file.name);
  const model = assemble(source, await joinScanned(skeleton, scanned), ranges, files);
  await files.openAll(model, options.external);
  await holdSmall(model, scanned);
  return model;
}

async function joinScanned(pieces: readonly Piece[], scanned: HeldFile): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const piece of pieces)
    parts.push(piece instanceof Uint8Array ? piece : await scanned.bytes(piece));
  return joinPieces(parts);
}

/** External data by location. */
class ExternalAccess implements ExternalFiles {
  private readonly opened = new Map<string, HeldFile>();

  constructor(private readonly model: string) {}

  open(location: string, tensor: string): ByteSource {
    checkLocation(location, tensor);
    const file = this.held(location);
    if (!file) throw externalDataMissing(tensor, location, `beside "${this.model}"`);
    return boundedSource(file, location, tensor);
  }

  /** Asks for every file that the model names. Those that are not there are missed when they are wanted. */
  async openAll(model: Model, external: OpenOptions['external']): Promise<void> {
    const locations = functionLocations(model);
    replaceTensors(model.graph, ({ data }) => {
      if (data.kind === 'external') locations.add(data.location);
      return undefined;
    });
    const allowed = [...locations].filter((location) => !locationProblem(location));
    for (const location of new Set(allowed.map(plainLocation))) {
      const file = await external?.(location);
      if (file) this.opened.set(location, new HeldFile(file));
    }
  }

  /** Undefined where it is not there. */
  held(location: string): HeldFile | undefined {
    return this.opened.get(plainLocation(location));
  }
}

/** Holds all small tensors. */
async function holdSmall(model: Model, scanned: HeldFile): Promise<void> {
  const wanted = new Map<HeldFile, Stretch[]>();
  replaceTensors(model.graph, (tensor) => {
    const { data } = tensor;
    const length = tensorBytes(tensor);
    if (length > SMALL || (data.kind !== 'range' && data.kind !== 'external')) return undefined;
    const source =
      data.kind === 'range'
        ? (data.source as HeldFile)
        : (data.files as ExternalAccess).held(data.location);
    if (!source || data.offset + length > source.size) return undefined;
    const stretch = { offset: data.offset, length };
    const found = source.file === scanned.file ? scanned.find(stretch) : undefined;
    if (found) source.keep(data.offset, new Uint8Array(found));
    else wanted.set(source, [...(wanted.get(source) ?? []), stretch]);
    return undefined;
  });
  for (const [source, stretches] of wanted)
    for (const stretch of together(stretches)) await source.hold(stretch);
}

/** Stretches that lie near to one another as one. */
function together(stretches: readonly Stretch[]): Stretch[] {
  const merged: { offset: number; length: number }[] = [];
  for (const { offset, length } of stretches.toSorted((a, b) => a.offset - b.offset)) {
    const last = merged.at(-1);
    if (last && offset <= last.offset + last.length + NEAR)
      last.length = Math.max(last.length, offset + length - last.offset);
    else merged.push({ offset, length });
  }
  return merged;
}
