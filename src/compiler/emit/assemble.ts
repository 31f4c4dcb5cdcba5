/**
 * What a bundle is made of, before it lies anywhere: its models with their tensors pointed to the bundle's
 * weights files, and, once those have names and hashes, the schedule and the report. Free of Node imports:
 * bundle.ts writes the files to a disk, bundle-files.ts hands them out.
 */
import { cloneModel } from '../../model/ir/clone.js';
import type { Model } from '../../model/ir/model.js';
import {
  formatSchedule,
  REPORT_FILE,
  SCHEDULE_FILE,
  type Schedule,
} from '../../runtime/schedule/index.js';
import type { Compilation } from '../pipeline/index.js';
import type { WeightsMode } from './modes.js';
import { type BundleReport, makeReport } from './report.js';
import { makeSchedule } from './schedule.js';
import { shareWeights, type WeightsPlan } from './weights.js';
import type { WeightsRecord } from './weights-record.js';

export interface BundleRecord {
  readonly schedule: Schedule;
  readonly report: BundleReport;
}

export interface Assembly {
  /** By id. Each is written to `modelFile(id)`. */
  readonly models: ReadonlyMap<string, Model>;
  readonly weights: WeightsPlan;
}

export const modelFile = (id: string): string => `${id}.onnx`;

/**
 * The compilation itself stays as it is.
 * @throws TENSOR_DATA_SIZE and the EXTERNAL_DATA_ errors
 */
export function assemble({ lowered, source }: Compilation, mode: WeightsMode = 'link'): Assembly {
  const models = new Map([...lowered.models].map(([id, model]) => [id, cloneModel(model).model]));
  return { models, weights: shareWeights(models.values(), mode, source) };
}

export interface WrittenFiles {
  /** The source model's file, for the record. */
  readonly source: { readonly file: string; readonly sha256: string };
  /** SHA-256 of each model's file, by id. */
  readonly hashes: ReadonlyMap<string, string>;
  /** What each weights file is, by name. */
  readonly weights: ReadonlyMap<string, WeightsRecord>;
}

/** Schedule and report, with the files that hold them. */
export function describe(
  compilation: Compilation,
  assembly: Assembly,
  { source, hashes, weights }: WrittenFiles,
): { bundle: BundleRecord; files: { readonly name: string; readonly text: string }[] } {
  const schedule = makeSchedule(compilation, {
    sourceFile: source.file,
    sourceHash: source.sha256,
    models: Object.fromEntries(
      [...hashes].map(([id, sha256]) => [id, { file: modelFile(id), sha256 }]),
    ),
    weights: assembly.weights.map(({ name, bytes, used }) => {
      const { samples, sha256 } = weights.get(name)!;
      return { file: name, bytes, used, samples, ...(sha256 !== undefined && { sha256 }) };
    }),
  });
  const report = makeReport(compilation, schedule, weights);
  return {
    bundle: { schedule, report },
    files: [
      { name: SCHEDULE_FILE, text: formatSchedule(schedule) },
      { name: REPORT_FILE, text: `${JSON.stringify(report, null, 2)}\n` },
    ],
  };
}
