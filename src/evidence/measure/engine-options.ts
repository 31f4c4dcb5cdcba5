/** What sessions of checks and measurements are opened with. */
import type { InferenceSession } from 'onnxruntime-common';
import { keptThreads } from '../../runtime/node/kept-threads.js';

/** Options of a session: it writes nothing by itself, and keeps to the processors that this process is kept to. */
export const engineOptions = (
  given: InferenceSession.SessionOptions = {},
): InferenceSession.SessionOptions => ({ logSeverityLevel: 4, ...keptThreads(), ...given });

/** @param threads within an operator; without a number the engine's own choice */
export const inThreads = (threads: number | undefined): InferenceSession.SessionOptions =>
  threads === undefined ? {} : { intraOpNumThreads: threads };
