/**
 * Which class of diffusers each sampler is. What a file says about steps means what it would if that class
 * were made from it; settings that the class does not have mean nothing.
 */
import type { SamplerName } from '../../samplers/index.js';
import { SCHEDULERS } from './diffusers.js';
import type { SchedulerSettings } from './settings.js';

const SAME_AS = {
  ddim: 'DDIMScheduler',
  deis: 'DEISMultistepScheduler',
  'dpm++2m': 'DPMSolverMultistepScheduler',
  'dpm++2m-sde': 'DPMSolverMultistepScheduler',
  'dpm++3m': 'DPMSolverMultistepScheduler',
  euler: 'EulerDiscreteScheduler',
  'euler-ancestral': 'EulerAncestralDiscreteScheduler',
  'euler-flow': 'FlowMatchEulerDiscreteScheduler',
  heun: 'HeunDiscreteScheduler',
  lcm: 'LCMScheduler',
  plms: 'PNDMScheduler',
  unipc: 'UniPCMultistepScheduler',
  // these place their steps as Euler's method of flow matching does, and know all that it knows
  'euler-ancestral-flow': 'FlowMatchEulerDiscreteScheduler',
  'heun-flow': 'FlowMatchEulerDiscreteScheduler',
  'lcm-flow': 'FlowMatchEulerDiscreteScheduler',
} as const satisfies Record<SamplerName, keyof typeof SCHEDULERS>;

/** Whether a sampler is that class. */
export const isSame = (sampler: SamplerName, name: unknown): boolean => SAME_AS[sampler] === name;

/** Whether the class that the sampler is has this setting. */
export const hasSetting = (sampler: SamplerName, field: string): boolean =>
  Object.hasOwn(SCHEDULERS[SAME_AS[sampler]], field);

/** Timesteps keep their fractions. */
const FRACTIONAL: SchedulerSettings = { fractionalTimesteps: true };

/** What a class always does, having no setting for it. */
const ALWAYS: Readonly<Record<string, SchedulerSettings>> = {
  DEISMultistepScheduler: { final: 'first' },
  EulerAncestralDiscreteScheduler: FRACTIONAL,
  EulerDiscreteScheduler: FRACTIONAL,
  FlowMatchEulerDiscreteScheduler: { spacing: 'linear' },
  HeunDiscreteScheduler: FRACTIONAL,
  LCMScheduler: { spacing: 'distilled' },
};

export const alwaysOf = (sampler: SamplerName): SchedulerSettings => ALWAYS[SAME_AS[sampler]] ?? {};

/** How solvers of either path go along the straight one, told whole timesteps as they are in diffusers. */
const ALONG_FLOW: Readonly<Record<string, SchedulerSettings>> = {
  DPMSolverMultistepScheduler: { path: 'flow', spacing: 'even', timestepScale: 'whole' },
  UniPCMultistepScheduler: { path: 'flow', spacing: 'linear', timestepScale: 'whole' },
};

/** Of samplers that follow flow matching beside another path; of others undefined. */
export const alongFlow = (sampler: SamplerName): SchedulerSettings | undefined =>
  ALONG_FLOW[SAME_AS[sampler]];
