/**
 * Models on disk (Node only). Files are opened for each range that is read, so nothing stays open;
 * writing goes to a temporary file that is renamed when it is complete.
 */
import fs from 'node:fs';
import path from 'node:path';
import {
  externalDataEscapes,
  externalDataMissing,
  isAFolder,
  truncatedOnnx,
} from '../../errors/index.js';
import { isFolder } from '../../io/is-folder.js';
import { openRegular, regularFile } from '../../io/regular-file.js';
import { siblingOf } from '../../io/siblings.js';
import type { Model } from '../ir/model.js';
import type { ByteSource, ExternalFiles } from '../ir/tensor.js';
import { boundedSource } from './bounded.js';
import { readModel, sortedPieces } from './codec.js';
import { mayLeadTo } from './hub-cache.js';
import { checkLocation } from './locations.js';
import type { Piece } from './source.js';

/** One read of Node's `fs` must stay below 2^31 bytes. */
const CHUNK = 64 * 1024 * 1024;

export function fileSource(file: string): ByteSource {
  const absolute = path.resolve(file);
  if (isFolder(absolute)) throw isAFolder(file);
  const { size } = regularFile(file);
  return {
    label: file,
    path: absolute,
    size,
    read(offset, length) {
      if (offset + length > size) throw truncatedOnnx(file, offset);
      const bytes = new Uint8Array(length);
      const fd = openRegular(absolute);
      try {
        for (let at = 0; at < length; ) {
          const got = fs.readSync(fd, bytes, at, Math.min(CHUNK, length - at), offset + at);
          if (got === 0) throw truncatedOnnx(file, offset + at);
          at += got;
        }
      } finally {
        fs.closeSync(fd);
      }
      return bytes;
    },
  };
}

/**
 * Opens external data the way onnxruntime allows it: inside the model's folder, wherever symbolic links
 * lead. One place more is allowed: the blobs of the hub's cache that the folder is a snapshot in.
 * @throws EXTERNAL_DATA_ESCAPES, EXTERNAL_DATA_MISSING
 */
export function externalFiles(folder: string): ExternalFiles {
  const sources = new Map<string, ByteSource>();
  return {
    open(location, tensor) {
      let source = sources.get(location);
      if (!source) {
        source = fileSource(resolveExternal(folder, location, tensor));
        sources.set(location, source);
      }
      return boundedSource(source, location, tensor);
    },
  };
}

function resolveExternal(folder: string, location: string, tensor: string): string {
  checkLocation(location, tensor);
  const file = path.join(folder, location);
  if (!fs.existsSync(file) || isFolder(file))
    throw externalDataMissing(tensor, location, `in "${folder}"`);
  if (!mayLeadTo(fs.realpathSync(file), fs.realpathSync(folder)))
    throw externalDataEscapes(tensor, location, 'is a link out of the folder');
  return file;
}

/**
 * Loads a model file. Its weights are not read.
 * @throws FILE_NOT_FOUND, FILE_IS_A_FOLDER, FILE_UNREADABLE, ONNX_INVALID, ONNX_TRUNCATED and the
 *   GRAPH_ errors of a malformed graph
 */
export function loadModel(file: string): Model {
  return readModel(fileSource(file), externalFiles(path.dirname(path.resolve(file))));
}

/** Writes a model file: complete, or not at all. Nodes are put in topological order first. */
export function saveModel(model: Model, file: string): void {
  writePieces(sortedPieces(model, file), file);
}

/** The same for a file that is read at once and thrown away: nobody misses it after a loss of power. */
export function saveScratch(model: Model, file: string): void {
  writePieces(sortedPieces(model, file), file, false);
}

/**
 * Writes pieces one after another, in bounded memory, to a file that appears only when complete.
 * @param lasts it is to outlive a loss of power
 */
export function writePieces(pieces: readonly Piece[], file: string, lasts = true): void {
  const partial = siblingOf(file, 'partial');
  try {
    const fd = fs.openSync(partial, 'w');
    try {
      for (const piece of pieces) writePiece(fd, piece);
      // a rename may outlive a loss of power that the bytes do not
      if (lasts) fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(partial, file);
  } catch (error) {
    fs.rmSync(partial, { force: true });
    throw error;
  }
}

function writePiece(fd: number, piece: Piece): void {
  if (piece instanceof Uint8Array) {
    writeAll(fd, piece);
    return;
  }
  for (let at = 0; at < piece.length; at += CHUNK)
    writeAll(fd, piece.source.read(piece.offset + at, Math.min(CHUNK, piece.length - at)));
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at, bytes.length - at);
}
