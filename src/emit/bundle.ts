/**
 * Writes a bundle: models, one weights file, schedule.json, report.json. Everything goes to a folder
 * beside the target, which is renamed when it is complete; what is interrupted leaves nothing that
 * looks finished.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {
  outputIsAFile,
  outputNotABundle,
  outputNotEmpty,
  StepfoldError,
  writeFailed,
} from '../errors/index.js';
import { saveModel } from '../onnx/files.js';
import type { Compilation } from '../pipeline/index.js';
import { formatSchedule, type Schedule } from '../schedule/index.js';
import { makeReport } from './report.js';
import { makeSchedule } from './schedule.js';
import { placeWeights, shareWeights } from './weights.js';

export const SCHEDULE_FILE = 'schedule.json';
export const REPORT_FILE = 'report.json';

export interface BundleOptions {
  /** Path of the source model, for the record and its hash. */
  readonly sourceFile: string;
  /** Hard-link the weights where the file system allows (default), or always copy them. */
  readonly weights?: 'link' | 'copy';
  /** Replace a bundle that is there already. */
  readonly force?: boolean;
}

/**
 * Writes a compilation to a folder. The compilation's models are pointed to the bundle's weights, so
 * it can be written only once.
 * @throws OUTPUT_NOT_EMPTY, OUTPUT_NOT_A_BUNDLE, OUTPUT_IS_A_FILE, WRITE_FAILED and the EXTERNAL_DATA_ errors
 */
export function writeBundle(
  compilation: Compilation,
  folder: string,
  options: BundleOptions,
): Schedule {
  checkTarget(folder, options.force ?? false);
  const target = path.resolve(folder);
  const staging = `${target}.partial-${process.pid}`;
  const weights = shareWeights(compilation.lowered.models.values());
  try {
    fs.mkdirSync(staging, { recursive: true });
    placeWeights(weights, staging, options.weights ?? 'link');
    const models: Schedule['models'] = {};
    for (const [id, model] of compilation.lowered.models) {
      const file = `${id}.onnx`;
      saveModel(model, path.join(staging, file));
      models[id] = { file, sha256: sha256(path.join(staging, file)) };
    }
    const schedule = makeSchedule(compilation, {
      sourceFile: path.basename(options.sourceFile),
      sourceHash: sha256(options.sourceFile),
      models,
      weights: weights.file ? [{ file: weights.file.name, bytes: weights.file.bytes }] : [],
    });
    fs.writeFileSync(path.join(staging, SCHEDULE_FILE), formatSchedule(schedule));
    const report = makeReport(compilation, schedule);
    fs.writeFileSync(path.join(staging, REPORT_FILE), `${JSON.stringify(report, null, 2)}\n`);
    replace(staging, target);
    return schedule;
  } catch (error) {
    fs.rmSync(staging, { recursive: true, force: true });
    if (error instanceof StepfoldError || !isSystemError(error)) throw error;
    throw writeFailed(folder, error.message);
  }
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;

/** Checked before any work is done, and without changing anything. */
export function checkTarget(folder: string, force: boolean): void {
  const stat = fs.statSync(folder, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) throw outputIsAFile(folder);
  const files = fs.readdirSync(folder);
  if (files.length === 0) return;
  if (!force) throw outputNotEmpty(folder);
  const ours = (name: string) =>
    /\.onnx$/.test(name) || ['weights.bin', SCHEDULE_FILE, REPORT_FILE].includes(name);
  const foreign = files.includes(SCHEDULE_FILE) ? files.find((name) => !ours(name)) : files[0];
  if (foreign) throw outputNotABundle(folder, foreign);
}

function replace(staging: string, target: string): void {
  const old = `${target}.old-${process.pid}`;
  const exists = fs.existsSync(target);
  if (exists) fs.renameSync(target, old);
  try {
    fs.renameSync(staging, target);
  } catch (error) {
    if (exists) fs.renameSync(old, target);
    throw error;
  }
  if (exists) fs.rmSync(old, { recursive: true, force: true });
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
