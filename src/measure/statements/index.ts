/**
 * What a schedule says of itself, held against the models that it names, the source and its own plan.
 * Nothing here runs a model; what the engine gives is compared where calls are played (play.ts).
 */
import fs from 'node:fs';
import path from 'node:path';
import { concreteShapes, graphCost } from '../../cost/index.js';
import type { Problem } from '../../errors/index.js';
import { readRegularText } from '../../io/regular-file.js';
import type { Model } from '../../ir/model.js';
import { loadModel } from '../../onnx/files.js';
import { prepare } from '../../pipeline/index.js';
import { REPORT_FILE, type Schedule } from '../../schedule/index.js';
import { costProblems } from './cost.js';
import { modelProblems } from './models.js';
import { programProblems } from './programs.js';
import { roleProblems } from './roles.js';

export { sourceProblems } from './source.js';

/**
 * @param source the source model, as its file has it
 * @param models those of the bundle, by id
 * @param tables by input, the rows of the table in which it is looked up
 */
export async function statementProblems(
  folder: string,
  schedule: Schedule,
  source: Model,
  models: ReadonlyMap<string, Model>,
  tables: ReadonlyMap<string, number>,
): Promise<Problem[]> {
  // as the bundle was made: sizes that were fixed are numbers there
  const fixed = schedule.source.inputs.map(({ name, shape }) => [
    name,
    shape.map((dim) => (typeof dim === 'number' ? dim : null)),
  ]);
  const { canonical, shapes } = await prepare(source, { shapes: Object.fromEntries(fixed) });
  const sizes = new Map(Object.entries(schedule.cost?.macs?.bindings ?? {}));
  const { macs } = graphCost(canonical.graph, concreteShapes(shapes, sizes));
  return [
    ...programProblems(schedule, targetOf(folder)),
    ...modelProblems(schedule, models),
    ...roleProblems(schedule, source, tables),
    ...costProblems(schedule, macs, models),
  ];
}

/** A bundle without a report was rewritten for nothing that is known of. */
function targetOf(folder: string): string | undefined {
  const file = path.join(folder, REPORT_FILE);
  if (!fs.existsSync(file)) return undefined;
  try {
    return JSON.parse(readRegularText(file)).target?.name;
  } catch {
    return undefined;
  }
}

/** By id. */
export const bundleModels = (folder: string, { models }: Schedule): Map<string, Model> =>
  new Map(Object.entries(models).map(([id, { file }]) => [id, loadModel(path.join(folder, file))]));
