/** Runs a bundle's schedule on any onnxruntime, in Node or a browser. Imports nothing of either. */

export { type ErrorDetails, StepfoldError } from '../../errors/base.js';
export type { Schedule } from '../../generated/schedule.js';
export { parseSchedule } from '../schedule/parse.js';
export type {
  Bundle,
  CallInfo,
  DenoiserSession,
  Engine,
  ExternalData,
  ModelData,
  NewImage,
  ScheduledSessionOptions,
} from './engine.js';
export type { Port } from './messages.js';
export { RemoteSession, type RemoteSessionOptions } from './remote-session.js';
export { ScheduledSession } from './scheduled-session.js';
export { serveSession } from './serve.js';
export { bundleFromUrl } from './url-bundle.js';
