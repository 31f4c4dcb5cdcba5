/** Which sampler does what the scheduler of a pipeline's folder does. */
import fs from 'node:fs';
import path from 'node:path';
import { StepfoldError } from '../../../errors/index.js';
import { SAMPLER_NAMES, type SamplerName } from '../../samplers/index.js';
import { classIn, readScheduler, SCHEDULER_FILE } from './read.js';
import { isSame } from './same-as.js';

/**
 * The sampler that is the scheduler of the folder; where there is none such, the first that follows its noise.
 * @returns nothing where the folder has no scheduler, or one that no sampler here follows
 */
export function suitedSampler(folder: string): SamplerName | undefined {
  if (!fs.existsSync(path.join(folder, SCHEDULER_FILE))) return undefined;
  const name = classIn(folder);
  const same = SAMPLER_NAMES.filter((sampler) => isSame(sampler, name));
  return [...same, ...SAMPLER_NAMES].find((sampler) => follows(folder, sampler));
}

function follows(folder: string, sampler: SamplerName): boolean {
  try {
    readScheduler(folder, { sampler });
    return true;
  } catch (error) {
    if (error instanceof StepfoldError) return false;
    throw error;
  }
}
