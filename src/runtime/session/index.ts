/** Runs a bundle's schedule on any onnxruntime, in Node or a browser. */
export type {
  CallInfo,
  DenoiserImage,
  DenoiserSession,
  ImageOptions,
  ImageSettings,
  NewImage,
} from './denoiser.js';
export type {
  Bundle,
  Engine,
  ExternalData,
  ModelData,
  ScheduledSessionOptions,
} from './engine.js';
export type { SavedIdentity } from './identity.js';
export type { ImageSurface } from './image-surface.js';
export type { MessagePortLike } from './messages.js';
export { RemoteSession, type RemoteSessionOptions } from './remote-session.js';
export type { SavedData, SavedImage, SavedState, SavedStates } from './saved-image.js';
export { ScheduledSession } from './scheduled-session.js';
export { serveSession } from './serve.js';
export type { SessionSurface } from './session-surface.js';
export { bundleFromUrl } from './url-bundle.js';
