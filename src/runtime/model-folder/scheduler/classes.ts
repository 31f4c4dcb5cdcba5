/**
 * Which of diffusers' schedulers describe noise that the samplers here know, on training timesteps: by a
 * schedule of betas, or along the straight path of flow matching. For each of the others why not. A
 * scheduler that a version of diffusers adds does not compile until it stands here.
 */
import type { PathName } from '../../samplers/index.js';
import type { SCHEDULERS } from './diffusers.js';

type SchedulerName = keyof typeof SCHEDULERS;

/** Read, as a description of this path. */
const on = <const Path extends PathName>(path: Path) => ({ path });

const READ = on('variance-preserving');
const FLOW = 'follows flow matching in a way of its own';
const DISCRETE = 'works on tokens, not on noise';
const OWN_SIGMAS = 'places noise levels of its own, which no betas give';
const INVERSE = 'goes from pictures to noise';

export const CLASSES = {
  AmusedScheduler: DISCRETE,
  BlockRefinementScheduler: DISCRETE,
  CMStochasticIterativeScheduler: 'is for consistency models, which go by sigmas of their own',
  CogVideoXDDIMScheduler: READ,
  CogVideoXDPMScheduler: READ,
  ConsistencyDecoderScheduler: 'is for consistency models',
  CosineDPMSolverMultistepScheduler: OWN_SIGMAS,
  DDIMInverseScheduler: INVERSE,
  DDIMParallelScheduler: READ,
  DDIMScheduler: READ,
  DDPMParallelScheduler: READ,
  DDPMScheduler: READ,
  DDPMWuerstchenScheduler: 'has continuous timesteps and a noise schedule of its own',
  DEISMultistepScheduler: READ,
  DPMSolverMultistepInverseScheduler: INVERSE,
  DPMSolverMultistepScheduler: READ,
  DPMSolverSDEScheduler: READ,
  DPMSolverSinglestepScheduler: READ,
  DiscreteDDIMScheduler: DISCRETE,
  EDMDPMSolverMultistepScheduler: `scales latents as EDM does and ${OWN_SIGMAS}`,
  EDMEulerScheduler: `scales latents as EDM does and ${OWN_SIGMAS}`,
  EntropyBoundScheduler: DISCRETE,
  EulerAncestralDiscreteScheduler: READ,
  EulerDiscreteScheduler: READ,
  FlowMapEulerDiscreteScheduler: FLOW,
  FlowMatchEulerDiscreteScheduler: on('flow'),
  FlowMatchHeunDiscreteScheduler: on('flow'),
  FlowMatchLCMScheduler: on('flow'),
  HeliosDMDScheduler: FLOW,
  HeliosScheduler: FLOW,
  HeunDiscreteScheduler: READ,
  IPNDMScheduler: 'places noise levels along a circle, which no betas give',
  KDPM2AncestralDiscreteScheduler: READ,
  KDPM2DiscreteScheduler: READ,
  KarrasVeScheduler: OWN_SIGMAS,
  LCMScheduler: READ,
  LMSDiscreteScheduler: READ,
  LTXEulerAncestralRFScheduler: on('flow'),
  MiniMaxH3Scheduler: FLOW,
  PNDMScheduler: READ,
  PiflowScheduler: FLOW,
  RFD4ProteinaScheduler: 'is for protein structures',
  RePaintScheduler: 'goes back and forth between pictures and noise',
  SASolverScheduler: READ,
  SCMScheduler: 'follows TrigFlow',
  ScoreSdeVeScheduler: OWN_SIGMAS,
  ScoreSdeVpScheduler: 'has continuous timesteps',
  TCDScheduler: 'is for models that were distilled for its own few steps',
  UnCLIPScheduler: 'places timesteps and variances by rules of its own',
  UniPCMultistepScheduler: READ,
  VQDiffusionScheduler: DISCRETE,
} as const satisfies Record<SchedulerName, { readonly path: PathName } | string>;

export type ReadName = {
  [Name in SchedulerName]: (typeof CLASSES)[Name] extends string ? never : Name;
}[SchedulerName];

export const isRead = (name: string): name is ReadName =>
  Object.hasOwn(CLASSES, name) && typeof CLASSES[name as SchedulerName] !== 'string';

/** The noise path that a class describes. */
export const pathOf = (name: ReadName): PathName => CLASSES[name].path;
