/**
 * Writes a bundle: models, weights, schedule.json, report.json; complete, or not at all.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { openRegular } from '../io/regular-file.js';
import { saveModel } from '../onnx/files.js';
import type { Compilation } from '../pipeline/index.js';
import type { Schedule } from '../schedule/index.js';
import { assemble, type Bundle, describe, modelFile } from './assemble.js';
import { checkTarget, writeFolder } from './folder.js';
import type { WeightsMode } from './modes.js';
import { placeWeights } from './place-weights.js';

export type { Bundle } from './assemble.js';

export interface BundleOptions {
  /** Path of the source model, for the record and its hash. */
  readonly sourceFile: string;
  /** Hard-link the weights where the file system allows (default), or another way to get them. */
  readonly weights?: WeightsMode;
  /** Replace a bundle that is there already. */
  readonly force?: boolean;
}

/**
 * Writes a compilation to a folder. The compilation itself stays as it is.
 * @throws the OUTPUT_ errors, WRITE_FAILED and the EXTERNAL_DATA_ errors
 */
export function writeBundle(
  compilation: Compilation,
  folder: string,
  options: BundleOptions,
): Schedule {
  return emitBundle(compilation, folder, options).schedule;
}

/** The same, with the report beside the schedule. */
export function emitBundle(
  compilation: Compilation,
  folder: string,
  options: BundleOptions,
): Bundle {
  const { sourceFile, weights, force = false } = options;
  checkTarget(folder, force, sourceFile);
  const prepared = prepareBundle(compilation, sourceFile, weights);
  return writeFolder(folder, force, (staging) => prepared.write(staging));
}

/** A bundle of which nothing is written yet, but all that can be wrong with its weights is known. */
export interface PreparedBundle {
  /** Fills a folder that is there. */
  write(folder: string): Bundle;
}

/** @throws TENSOR_DATA_SIZE and the EXTERNAL_DATA_ errors */
export function prepareBundle(
  compilation: Compilation,
  sourceFile: string,
  mode: WeightsMode = 'link',
): PreparedBundle {
  const assembly = assemble(compilation, mode);
  return {
    write(folder) {
      const placed = placeWeights(assembly.weights, folder, mode);
      const hashes = new Map<string, string>();
      for (const [id, model] of assembly.models) {
        const file = path.join(folder, modelFile(id));
        saveModel(model, file);
        hashes.set(id, sha256(file));
      }
      const source = { file: path.basename(sourceFile), sha256: sha256(sourceFile) };
      const { bundle, files } = describe(compilation, assembly, { source, hashes, placed });
      for (const { name, text } of files) fs.writeFileSync(path.join(folder, name), text);
      return bundle;
    },
  };
}

/** SHA-256 of a file, read in pieces. */
export function sha256(file: string): string {
  const hash = createHash('sha256');
  const fd = openRegular(file);
  const buffer = new Uint8Array(4 * 1024 * 1024);
  try {
    for (let got = fs.readSync(fd, buffer); got > 0; got = fs.readSync(fd, buffer))
      hash.update(buffer.subarray(0, got));
  } finally {
    fs.closeSync(fd);
  }
  return hash.digest('hex');
}
