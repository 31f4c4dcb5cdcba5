/**
 * Which class of diffusers each sampler is. What a file says about steps means what it would if that class
 * were made from it; settings that the class does not have mean nothing.
 */
import type { SamplerName } from '../../samplers/index.js';
import { SCHEDULERS } from './diffusers.js';
import type { SchedulerSettings } from './settings.js';

const SAME_AS = {
  ddim: 'DDIMScheduler',
  euler: 'EulerDiscreteScheduler',
  'dpm++2m': 'DPMSolverMultistepScheduler',
  'dpm++3m': 'DPMSolverMultistepScheduler',
  unipc: 'UniPCMultistepScheduler',
  deis: 'DEISMultistepScheduler',
  'euler-flow': 'FlowMatchEulerDiscreteScheduler',
} as const satisfies Partial<Record<SamplerName, keyof typeof SCHEDULERS>>;

const classOf = (sampler: string): keyof typeof SCHEDULERS | undefined =>
  Object.hasOwn(SAME_AS, sampler) ? SAME_AS[sampler as keyof typeof SAME_AS] : undefined;

/** Whether the class that the sampler is has this setting. */
export function hasSetting(sampler: SamplerName, field: string): boolean {
  const name = classOf(sampler);
  return name !== undefined && Object.hasOwn(SCHEDULERS[name], field);
}

/** What that class always does, having no setting for it. */
const ALWAYS: Readonly<Record<string, SchedulerSettings>> = {
  DEISMultistepScheduler: { final: 'first' },
  FlowMatchEulerDiscreteScheduler: { spacing: 'linear' },
};

export function alwaysOf(sampler: SamplerName): SchedulerSettings {
  const name = classOf(sampler);
  return (name && ALWAYS[name]) ?? {};
}
