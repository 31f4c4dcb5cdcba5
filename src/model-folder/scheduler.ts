/**
 * What a pipeline's folder says of the noise its denoiser was trained with: scheduler_config.json, as
 * diffusers writes it. Only what is a property of the model or of the loop's timesteps is taken, not the
 * sampler, which is the user's choice.
 */
import fs from 'node:fs';
import path from 'node:path';
import { schedulerUnreadable } from '../errors/index.js';
import { readRegularText } from '../io/regular-file.js';
import type { BetaSchedule, Prediction, TimestepSpacing } from '../samplers/index.js';

export interface SchedulerSettings {
  readonly betas?: BetaSchedule;
  readonly betaStart?: number;
  readonly betaEnd?: number;
  readonly trainTimesteps?: number;
  readonly prediction?: Prediction;
  readonly spacing?: TimestepSpacing;
}

const FILE = 'scheduler/scheduler_config.json';

const BETAS: Readonly<Record<string, BetaSchedule>> = {
  linear: 'linear',
  scaled_linear: 'scaled_linear',
  squaredcos_cap_v2: 'cosine',
};
const PREDICTIONS: Readonly<Record<string, Prediction>> = {
  epsilon: 'epsilon',
  v_prediction: 'v',
  sample: 'sample',
};
const SPACINGS: Readonly<Record<string, TimestepSpacing>> = {
  linspace: 'linear',
  leading: 'leading',
  trailing: 'trailing',
};

/**
 * @param folder of the pipeline
 * @param given what the caller has said already, and need not be understood
 * @returns what the folder says; nothing where it has no such file
 * @throws FOLDER_SCHEDULER when it says something that the samplers here do not know
 */
export function readScheduler(folder: string, given: SchedulerSettings = {}): SchedulerSettings {
  const file = path.join(folder, FILE);
  if (!fs.existsSync(file)) return {};
  const config = parse(file);
  const say = (why: string) => schedulerUnreadable(file, why);
  const said = (given.betas ?? given.betaStart ?? given.betaEnd) !== undefined;
  if (!said && /^FlowMatch/.test(String(config._class_name)))
    throw say(`${config._class_name} is a flow-matching scheduler, which no sampler here follows`);
  if (!said && config.trained_betas) throw say('it lists its betas one by one');
  const choice = <K extends keyof SchedulerSettings>(
    to: K,
    from: string,
    known: Readonly<Record<string, NonNullable<SchedulerSettings[K]>>>,
  ) => {
    const value = config[from];
    if (given[to] !== undefined || value === undefined || value === null) return {};
    const found = Object.hasOwn(known, String(value)) ? known[String(value)] : undefined;
    if (found === undefined)
      throw say(`${from} is ${JSON.stringify(value)}, not one of ${Object.keys(known).join(', ')}`);
    return { [to]: found };
  };
  const number = (to: keyof SchedulerSettings, from: string) => {
    const value = config[from];
    if (given[to] !== undefined || value === undefined || value === null) return {};
    if (typeof value !== 'number') throw say(`${from} is ${JSON.stringify(value)}, not a number`);
    return { [to]: value };
  };
  return {
    ...choice('betas', 'beta_schedule', BETAS),
    ...number('betaStart', 'beta_start'),
    ...number('betaEnd', 'beta_end'),
    ...number('trainTimesteps', 'num_train_timesteps'),
    ...choice('prediction', 'prediction_type', PREDICTIONS),
    ...choice('spacing', 'timestep_spacing', SPACINGS),
  };
}

function parse(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readRegularText(file));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    throw schedulerUnreadable(file, (error as Error).message);
  }
  throw schedulerUnreadable(file, 'it is no JSON object');
}
