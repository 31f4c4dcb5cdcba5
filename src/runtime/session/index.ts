/** Runs a bundle's schedule on any onnxruntime, in Node or a browser. */
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
export type { MessagePortLike } from './messages.js';
export { RemoteSession, type RemoteSessionOptions } from './remote-session.js';
export { ScheduledSession } from './scheduled-session.js';
export { serveSession } from './serve.js';
export type { SessionSurface } from './surface.js';
export { bundleFromUrl } from './url-bundle.js';
