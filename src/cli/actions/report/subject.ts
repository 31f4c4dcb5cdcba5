/** Reads what a report is about. */
import fs from 'node:fs';
import path from 'node:path';
import type { BundleReport } from '../../../compiler/emit/index.js';
import type { PassTable } from '../../../compiler/pass/index.js';
import { prepare } from '../../../compiler/pipeline/index.js';
import { reportMissing } from '../../../errors/index.js';
import { readBundle } from '../../../evidence/measure/bundle.js';
import type { KnownSubject } from '../../../evidence/report/facts/subject.js';
import { readRegularText } from '../../../io/regular-file.js';
import { sameFileOnDisk } from '../../../model/diff/same-file.js';
import type { Model } from '../../../model/ir/model.js';
import { loadModel } from '../../../model/onnx/files.js';
import { REPORT_FILE } from '../../../runtime/schedule/index.js';

/**
 * The files are checked first: a page about a bundle that changed would show what is no longer so.
 * @throws what `readBundle` throws; REPORT_MISSING
 */
export async function readSubject(
  folder: string,
  against: string | undefined,
  { strategies: known }: PassTable,
): Promise<KnownSubject> {
  const schedule = await readBundle(folder, against);
  const files = Object.entries(schedule.models);
  const source = against === undefined ? undefined : await canonicalSource(against, schedule);
  return {
    name: path.basename(path.resolve(folder)),
    schedule,
    known,
    report: readReport(folder),
    modelBytes: Object.fromEntries(
      files.map(([id, { file }]) => [id, fs.statSync(path.join(folder, file)).size]),
    ),
    models: new Map(files.map(([id, { file }]) => [id, loadModel(path.join(folder, file))])),
    source,
    sameFile: sameFileOnDisk(),
  };
}

async function canonicalSource(file: string, { cost }: KnownSubject['schedule']): Promise<Model> {
  const sizes = cost?.macs?.bindings ?? {};
  return (await prepare(loadModel(file), { sizes })).canonical;
}

function readReport(folder: string): BundleReport {
  const file = path.join(folder, REPORT_FILE);
  let report: Partial<BundleReport>;
  try {
    report = JSON.parse(readRegularText(file)) as Partial<BundleReport>;
  } catch (error) {
    throw reportMissing(file, (error as Error).message);
  }
  // of an earlier version, or of somebody else
  for (const key of ['passes', 'sites', 'models', 'weights'] as const)
    if (typeof report?.[key] !== 'object' || report[key] === null)
      throw reportMissing(file, `it has no "${key}"`);
  return report as BundleReport;
}
