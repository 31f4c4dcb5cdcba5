/**
 * What a pipeline's folder says of the noise its denoiser was trained with: scheduler_config.json, as
 * diffusers writes it. Every setting is read, known to mean nothing here, or refused by its name
 * (fields.ts); one that is left out has the default of its class. The sampler stays the user's choice: of a
 * file of another solver the noise schedule and the timesteps are taken.
 */
import fs from 'node:fs';
import path from 'node:path';
import { StepfoldError, schedulerUnreadable } from '../../../errors/index.js';
import { readRegularText } from '../../../io/regular-file.js';
import { SAMPLER_NAMES, type SamplerName, solverOf } from '../../samplers/index.js';
import { CLASSES, isRead, pathOf, type ReadName } from './classes.js';
import { DIFFUSERS, SCHEDULERS } from './diffusers.js';
import { FIELDS } from './fields.js';
import { hasOwnMu, pipelineSettings } from './pipelines.js';
import { parsePythonJson } from './python-json.js';
import type { Field, FieldContext, Meaning } from './rules.js';
import { alongFlow, alwaysOf, hasSetting } from './same-as.js';
import type { SchedulerSettings, SchedulerUse } from './settings.js';

export const SCHEDULER_FILE = 'scheduler/scheduler_config.json';

/**
 * @param folder of the pipeline
 * @param given what the caller has said already, and need not be understood
 * @returns what the folder says; nothing where it has no such file
 * @throws FOLDER_SCHEDULER when it says something that the samplers here do not know
 */
export function readScheduler(folder: string, given: SchedulerUse = {}): SchedulerSettings {
  const file = path.join(folder, SCHEDULER_FILE);
  if (!fs.existsSync(file)) return {};
  const config = parse(file);
  const sampler = given.sampler ?? 'ddim';
  const scheduler = readName(file, config, given, sampler);
  if (!scheduler) return {};
  const defaults: Readonly<Record<string, unknown>> = SCHEDULERS[scheduler];
  const known = { ...defaults, ...config };
  const context: FieldContext = {
    scheduler,
    sampler,
    given,
    isFlow: isFlow(scheduler, known),
    own: (field) => hasSetting(sampler, field),
    other: (field) => known[field] ?? defaults[field],
  };
  const meanings = Object.entries(known)
    .filter(([field]) => !field.startsWith('_'))
    .map(([field, value]): SchedulerSettings => {
      if (!Object.hasOwn(FIELDS, field))
        throw schedulerUnreadable(
          file,
          `${scheduler} of diffusers ${DIFFUSERS} has no setting "${field}", and what it means is not known`,
          'field',
        );
      const meaning = meaningOf(field as Field, value ?? defaults[field] ?? null, context);
      if (typeof meaning === 'string')
        throw schedulerUnreadable(file, `"${field}" of ${scheduler} ${meaning}`, 'option');
      return meaning;
    });
  if (isShifted(meanings) && given.mu === undefined && hasOwnMu(folder))
    throw schedulerUnreadable(
      file,
      '"use_dynamic_shifting" is true, and this pipeline has a rule of its own for the shift, which is not known here; say --mu',
      'option',
    );
  const { spacing, timestepScale, ...always } = {
    ...alwaysOf(sampler),
    ...(context.isFlow && flowOf(scheduler, sampler)),
  };
  const placed = given.spacing ?? given.timesteps;
  return Object.assign(
    {
      ...always,
      ...(spacing && placed === undefined && { spacing }),
      ...(timestepScale && given.timestepScale === undefined && { timestepScale }),
    },
    ...meanings,
    ...(context.isFlow ? [notGiven(pipelineSettings(folder), given)] : []),
  );
}

/** The class that a folder's file names, if it can be read. */
export function classIn(folder: string): unknown {
  try {
    return parse(path.join(folder, SCHEDULER_FILE))['_class_name'];
  } catch (error) {
    if (error instanceof StepfoldError) return undefined;
    throw error;
  }
}

const isShifted = (meanings: readonly SchedulerSettings[]): boolean =>
  meanings.some(({ dynamicShift }) => dynamicShift === true);

/** The command line has the first word, and where it places the steps, no spacing is left to say. */
const notGiven = (settings: SchedulerSettings, given: SchedulerUse): SchedulerSettings =>
  Object.fromEntries(
    Object.entries(settings).filter(
      ([name]) =>
        given[name as keyof SchedulerSettings] === undefined &&
        (name !== 'spacing' || given.timesteps === undefined),
    ),
  );

/** What a sampler that follows another path has to be told where the model follows flow matching. */
function flowOf(scheduler: ReadName, sampler: SamplerName): SchedulerSettings {
  const { timestepScale, ...along } = alongFlow(sampler) ?? {};
  if (!along.path) return {};
  // files of flow matching alone say neither what is predicted nor that it is told whole timesteps
  return pathOf(scheduler) === 'flow'
    ? { ...along, prediction: 'flow' }
    : { ...along, ...(timestepScale && { timestepScale }) };
}

const isFlow = (scheduler: ReadName, settings: Readonly<Record<string, unknown>>): boolean =>
  pathOf(scheduler) === 'flow' || settings['use_flow_sigmas'] === true;

const meaningOf = (field: Field, value: unknown, context: FieldContext): Meaning => {
  // what its class has no use for, and another one says nothing by
  const { mean } = FIELDS[field];
  const own = Object.hasOwn(SCHEDULERS[context.scheduler], field);
  return mean && (own || value !== null) ? mean(value, context) : {};
};

/** Undefined for a scheduler of another kind in whose place the caller says what the noise is. */
function readName(
  file: string,
  config: Readonly<Record<string, unknown>>,
  { betas, betaStart, betaEnd }: SchedulerUse,
  sampler: SamplerName,
): ReadName | undefined {
  const name = config['_class_name'];
  if (typeof name === 'string' && isRead(name)) {
    const along = isFlow(name, config) ? 'flow' : pathOf(name);
    const follows = (one: SamplerName) =>
      solverOf(one).path === along || (along === 'flow' && alongFlow(one) !== undefined);
    if (follows(sampler)) return name;
    throw schedulerUnreadable(
      file,
      `its "_class_name" is ${name}, whose noise ${sampler} does not follow, but ${SAMPLER_NAMES.filter(follows).join(', ')}`,
      'sampler',
    );
  }
  if ((betas ?? betaStart ?? betaEnd) !== undefined) return undefined;
  if (typeof name !== 'string')
    throw schedulerUnreadable(
      file,
      'it has no "_class_name", which says what its settings mean',
      'class',
    );
  if (Object.hasOwn(CLASSES, name))
    throw schedulerUnreadable(
      file,
      `its "_class_name" is ${name}, which ${CLASSES[name as keyof typeof CLASSES]}; no sampler here does so`,
      'class',
    );
  throw schedulerUnreadable(
    file,
    `its "_class_name" is ${JSON.stringify(name)}, which is none of the schedulers of diffusers ${DIFFUSERS}`,
    'class',
  );
}

function parse(file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parsePythonJson(readRegularText(file));
  } catch (error) {
    throw schedulerUnreadable(file, (error as Error).message, 'file');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw schedulerUnreadable(file, 'it is no JSON object', 'file');
}
