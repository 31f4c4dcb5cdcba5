/**
 * What a schedule says of itself, held against the models that it names, the source and its own plan.
 * Nothing here runs a model; what the engine gives is compared where calls are played (play.ts).
 */
import path from 'node:path';
import type { Problem } from '../../errors/index.js';
import type { Model } from '../../ir/model.js';
import { loadModel } from '../../onnx/files.js';
import type { Schedule } from '../../schedule/index.js';
import { costProblems } from './cost.js';
import { modelProblems } from './models.js';
import { roleProblems } from './roles.js';
import { sourceProblems } from './source.js';

/**
 * @param source the source model, as its file has it
 * @param tables by input, the rows of the table in which it is looked up
 */
export function statementProblems(
  folder: string,
  schedule: Schedule,
  source: Model,
  tables: ReadonlyMap<string, number>,
): Problem[] {
  const models = new Map(
    Object.entries(schedule.models).map(([id, { file }]) => [
      id,
      loadModel(path.join(folder, file)),
    ]),
  );
  return [
    ...sourceProblems(schedule, source),
    ...modelProblems(schedule, models),
    ...roleProblems(schedule, source, tables),
    ...costProblems(schedule, source, models),
  ];
}
