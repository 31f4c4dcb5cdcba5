/**
 * Writes a bundle: models, weights, schedule.json, report.json; complete, or not at all.
 */
import fs from 'node:fs';
import path from 'node:path';
import { sha256 } from '../../model/files/hash-file.js';
import { saveModel } from '../../model/onnx/files.js';
import type { Schedule } from '../../runtime/schedule/index.js';
import type { Compilation } from '../pipeline/index.js';
import { assemble, type BundleRecord, describe, modelFile } from './assemble.js';
import { defaultsFiles, type LoopDefaults } from './defaults.js';
import { checkTarget, writeFolder } from './folder.js';
import { inForm } from './form.js';
import type { WeightsMode } from './modes.js';
import { placeWeights, recordWeights } from './place-weights.js';
import type { WeightsPlan } from './weights.js';

export { sha256 } from '../../model/files/hash-file.js';
export type { BundleRecord } from './assemble.js';

export interface BundleOptions {
  /** Path of the source model, for the record and its hash. */
  readonly sourceFile: string;
  /** Hard-link the weights where the file system allows (default), or another way to get them. */
  readonly weights?: WeightsMode;
  /**
   * Record the hash of whole weights files, which `verify` then checks: every byte is read once. Those of up to
   * 64 MiB, and the source model's own file, are recorded without being asked.
   */
  readonly hashWeights?: boolean;
  /** Replace a bundle that is there already. */
  readonly force?: boolean;
  /** What loops over the bundle are given where nothing else is said: `defaults.json`. */
  readonly defaults?: LoopDefaults;
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
): BundleRecord {
  const { force = false, sourceFile } = options;
  checkTarget(folder, force, sourceFile);
  const prepared = prepareBundle(compilation, options);
  return writeFolder(folder, force, (staging) => prepared.write(staging));
}

/** A bundle of which nothing is written yet, but all that can be wrong with its weights is known. */
export interface PreparedBundle {
  readonly weights: WeightsPlan;
  /** Fills a folder that is there. */
  write(folder: string): BundleRecord;
}

/** @throws TENSOR_DATA_SIZE and the EXTERNAL_DATA_ errors */
export function prepareBundle(
  given: Compilation,
  { sourceFile, weights: mode = 'link', hashWeights = false, defaults = {} }: BundleOptions,
): PreparedBundle {
  const compilation = inForm(given);
  const assembly = assemble(compilation, mode);
  const said = defaultsFiles(defaults);
  return {
    weights: assembly.weights,
    write(folder) {
      const source = { file: path.basename(sourceFile), sha256: sha256(sourceFile) };
      const placed = placeWeights(assembly.weights, folder, mode);
      const known = { ...source, path: fs.realpathSync(sourceFile) };
      const weights = recordWeights(assembly.weights, folder, placed, { hashWeights, known });
      const hashes = new Map<string, string>();
      for (const [id, model] of assembly.models) {
        const file = path.join(folder, modelFile(id));
        saveModel(model, file);
        hashes.set(id, sha256(file));
      }
      const { bundle, files } = describe(compilation, assembly, { source, hashes, weights });
      for (const { name, text } of files) fs.writeFileSync(path.join(folder, name), text);
      for (const { name, bytes } of said) fs.writeFileSync(path.join(folder, name), bytes);
      return bundle;
    },
  };
}
