/** Folders as pipelines and bundles are kept in: what of them is the denoiser, and what the bundle. */
export { bundlesIn, findBundle, holdsBundle } from './find-bundle.js';
export { type FoundModel, findModel } from './find-model.js';
export { type FoundVae, findVae, type VaeScale } from './find-vae.js';
export {
  readScheduler,
  type SchedulerSettings,
  type SchedulerUse,
  suitedSampler,
} from './scheduler/index.js';
