/** The noise and the timesteps that a pipeline's scheduler_config.json says. */
export { readScheduler } from './read.js';
export type { SchedulerSettings, SchedulerUse } from './settings.js';
export { suitedSampler } from './suited.js';
