/**
 * Writes a bundle: models, weights, schedule.json, report.json; complete, or not at all.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { cloneModel } from '../ir/clone.js';
import { saveModel } from '../onnx/files.js';
import type { Compilation } from '../pipeline/index.js';
import { formatSchedule, type Schedule } from '../schedule/index.js';
import { checkTarget, REPORT_FILE, SCHEDULE_FILE, writeFolder } from './folder.js';
import type { WeightsMode } from './modes.js';
import { makeReport, type Report } from './report.js';
import { makeSchedule } from './schedule.js';
import { placeWeights, shareWeights } from './weights.js';

export interface BundleOptions {
  /** Path of the source model, for the record and its hash. */
  readonly sourceFile: string;
  /** Hard-link the weights where the file system allows (default), or another way to get them. */
  readonly weights?: WeightsMode;
  /** Replace a bundle that is there already. */
  readonly force?: boolean;
}

export interface Bundle {
  readonly schedule: Schedule;
  readonly report: Report;
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
  const copies = new Map(
    [...compilation.lowered.models].map(([id, model]) => [id, cloneModel(model).model]),
  );
  const weights = shareWeights(copies.values(), mode, compilation.source);
  return {
    write(folder) {
      const placed = placeWeights(weights, folder, mode);
      const models: Schedule['models'] = {};
      for (const [id, model] of copies) {
        const file = `${id}.onnx`;
        saveModel(model, path.join(folder, file));
        models[id] = { file, sha256: sha256(path.join(folder, file)) };
      }
      const schedule = makeSchedule(compilation, {
        sourceFile: path.basename(sourceFile),
        sourceHash: sha256(sourceFile),
        models,
        weights: weights.map(({ name, bytes, used }) => ({ file: name, bytes, used })),
      });
      fs.writeFileSync(path.join(folder, SCHEDULE_FILE), formatSchedule(schedule));
      const report = makeReport(compilation, schedule, placed);
      fs.writeFileSync(path.join(folder, REPORT_FILE), `${JSON.stringify(report, null, 2)}\n`);
      return { schedule, report };
    },
  };
}

/** SHA-256 of a file, read in pieces. */
export function sha256(file: string): string {
  const hash = createHash('sha256');
  const fd = fs.openSync(file, 'r');
  const buffer = new Uint8Array(4 * 1024 * 1024);
  try {
    for (let got = fs.readSync(fd, buffer); got > 0; got = fs.readSync(fd, buffer))
      hash.update(buffer.subarray(0, got));
  } finally {
    fs.closeSync(fd);
  }
  return hash.digest('hex');
}
