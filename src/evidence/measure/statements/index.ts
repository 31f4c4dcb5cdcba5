/**
 * What a schedule says of itself, held against the models that it names, the source and its own plan.
 * Nothing here runs a model; what the engine gives is compared where calls are played (play.ts).
 */
import path from 'node:path';
import type { KnownStrategies } from '../../../compiler/pass/index.js';
import type { Problem } from '../../../errors/index.js';
import { readRegularText } from '../../../io/regular-file.js';
import type { Model } from '../../../model/ir/model.js';
import { loadModel } from '../../../model/onnx/files.js';
import { REPORT_FILE, type Schedule } from '../../../runtime/schedule/index.js';
import { axisProblems } from './axes.js';
import { costProblems } from './cost.js';
import { modelProblems } from './models.js';
import { parameterProblems } from './parameters.js';
import { programProblems } from './programs.js';
import { roleProblems } from './roles.js';
import { samplerProblems } from './sampler.js';

export { sourceProblems } from './source.js';

/**
 * @param source the source model, as its file has it
 * @param known what strategies mean
 * @param models those of the bundle, by id
 * @param tables by input, the rows of the table in which it is looked up
 * @param note is told what could not be compared
 * @param unproved likewise, where that leaves something open
 */
export async function statementProblems(
  folder: string,
  schedule: Schedule,
  known: KnownStrategies,
  source: Model,
  models: ReadonlyMap<string, Model>,
  tables: ReadonlyMap<string, number>,
  note?: (sentence: string) => void,
  unproved: (what: string) => void = () => {},
): Promise<Problem[]> {
  return [
    ...programProblems(schedule, known, targetOf(folder)),
    ...modelProblems(schedule, models),
    ...parameterProblems(schedule, unproved),
    ...axisProblems(schedule, note),
    ...samplerProblems(schedule),
    ...roleProblems(schedule, source, tables),
    ...(await costProblems(schedule, source, models, note)),
  ];
}

/** A bundle without a report was rewritten for nothing that is known of. */
function targetOf(folder: string): string | undefined {
  try {
    return JSON.parse(readRegularText(path.join(folder, REPORT_FILE))).target?.name;
  } catch {
    return undefined;
  }
}

/** By id. */
export const bundleModels = (folder: string, { models }: Schedule): Map<string, Model> =>
  new Map(Object.entries(models).map(([id, { file }]) => [id, loadModel(path.join(folder, file))]));
