/**
 * Reads schedule, plan, timesteps, defaults and pipeline files: JSON, then the JSON Schema, then what a schema cannot
 * say. Everything is checked before anything is returned, so that the code behind it need not check.
 */
import { invalidDocument, notJson, type Problem, unknownVersion } from '../../errors/index.js';
import type { DefaultsFile } from '../../generated/defaults.js';
import type { PipelineConfig } from '../../generated/pipeline.js';
import type { PlanFile } from '../../generated/plan.js';
import type { Schedule } from '../../generated/schedule.js';
import {
  defaultsSchema,
  pipelineSchema,
  planSchema,
  type SchemaOf,
  scheduleSchema,
  timestepsSchema,
} from '../../generated/schemas.js';
import type { TimestepsFile } from '../../generated/timesteps.js';
import { checkSchedule } from './check.js';
import { timestepProblems } from './check-timesteps.js';
import { pointer } from './pointer.js';
import { schemaErrors } from './schema-errors.js';
import { schemaProblems } from './schema-problems.js';

/**
 * A schedule from its JSON text or from the parsed value (which is returned as it is, not copied).
 * @param file shown in errors
 * @throws StepfoldError SCHEDULE_NOT_JSON, SCHEDULE_VERSION, SCHEDULE_INVALID
 */
export function parseSchedule(json: unknown, file = 'schedule.json'): Schedule {
  const schedule = read('schedule', json, file, scheduleSchema, 1, 2);
  refuse('schedule', file, checkSchedule(schedule).errors);
  return schedule;
}

/**
 * A plan file from its JSON text or parsed value. Whether its sites and strategies exist is known
 * only beside the graph, and checked there.
 * @throws StepfoldError PLAN_NOT_JSON, PLAN_VERSION, PLAN_INVALID
 */
export function parsePlanFile(json: unknown, file: string): PlanFile {
  const plan = read('plan', json, file, planSchema, 1);
  const { sites, calls, calibration } = plan;
  const losses = calibration?.loss ?? {};
  const problems = [
    ...wrongLengths(sites, calls, 'a strategy', 'sites'),
    ...wrongLengths(losses, calls, 'a loss', 'calibration', 'loss'),
    ...Object.keys(losses)
      .filter((site) => !Object.hasOwn(sites, site))
      .map((site) => ({ path: pointer('calibration', 'loss', site), message: 'names no site' })),
  ];
  refuse('plan', file, problems);
  return plan;
}

/**
 * A list of timesteps from its JSON text or parsed value.
 * @throws StepfoldError TIMESTEPS_NOT_JSON, TIMESTEPS_VERSION, TIMESTEPS_INVALID
 */
export function parseTimestepsFile(json: unknown, file: string): TimestepsFile {
  const list = read('timesteps', json, file, timestepsSchema, 1);
  const { steps, timesteps, trainTimesteps } = list;
  const problems: Problem[] = timestepProblems(timesteps, trainTimesteps).map(
    ({ index, message }) => ({ path: pointer('timesteps', index), message }),
  );
  if (timesteps.length !== steps)
    problems.push({
      path: pointer('timesteps'),
      message: `must be as many as \`steps\` says, ${steps}; found ${timesteps.length}`,
    });
  refuse('timesteps', file, problems);
  return list;
}

/**
 * What loops over a bundle are given by default, from its JSON text or parsed value.
 * @throws StepfoldError DEFAULTS_NOT_JSON, DEFAULTS_VERSION, DEFAULTS_INVALID
 */
export function parseDefaults(json: unknown, file: string): DefaultsFile {
  const defaults = read('defaults', json, file, defaultsSchema, 1);
  const [from = 0, to = 1] = defaults.guidance?.interval ?? [];
  const isBackwards = from > to;
  const message = 'must end where it starts, or later';
  refuse('defaults', file, isBackwards ? [{ path: '/guidance/interval', message }] : []);
  return defaults;
}

/** Rows by site that have not one entry for each call. */
function wrongLengths(
  rows: Readonly<Record<string, readonly unknown[]>>,
  calls: number,
  what: string,
  ...place: readonly string[]
): Problem[] {
  return Object.entries(rows)
    .filter(([, row]) => row.length !== calls)
    .map(([site, row]) => ({
      path: pointer(...place, site),
      message: `must have ${what} for each of the ${calls} calls, found ${row.length}`,
    }));
}

/**
 * A pipeline file from its JSON text or parsed value. Options of passes are checked by the passes.
 * @throws StepfoldError PIPELINE_NOT_JSON, PIPELINE_INVALID
 */
export function parsePipelineConfig(json: unknown, file: string): PipelineConfig {
  return read('pipeline', json, file, pipelineSchema);
}

/**
 * A document by its JSON Schema, from its JSON text or parsed value.
 * @throws its kind's `_NOT_JSON`, `_VERSION`, `_INVALID`
 */
export function read<T>(
  kind: string,
  json: unknown,
  file: string,
  schema: SchemaOf<T>,
  ...versions: readonly number[]
): T {
  const document = typeof json === 'string' ? parseJson(kind, json, file) : json;
  // A newer version may break the schema anywhere; its number is what the reader must be told.
  if (versions.length > 0 && typeof document === 'object' && document !== null) {
    const { format, version: found } = document as Record<string, unknown>;
    if (format === `stepfold.${kind}` && typeof found === 'number' && !versions.includes(found))
      throw unknownVersion(kind, file, found, versions);
  }
  const errors = schemaErrors(schema, document);
  if (errors.length > 0) throw invalidDocument(kind, file, schemaProblems(document, errors));
  // it is what the type says, which is generated from the schema
  return document as T;
}

function parseJson(kind: string, text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson(kind, file, (error as Error).message);
  }
}

/** @throws its kind's `_INVALID` where there are some */
export function refuse(kind: string, file: string, problems: readonly Problem[]): void {
  if (problems.length > 0) throw invalidDocument(kind, file, problems);
}
