/**
 * Threads of several sessions side by side. An onnxruntime session's threads keep spinning for a
 * while after a run, waiting for the next. When the next run is another session's, they take the
 * cores from it: on two cores, a loop that alternates between two models lost a third of its time
 * (docs/decisions/0010). So sessions that take turns are told to sleep instead.
 */
import type { InferenceSession } from 'onnxruntime-common';

const KEY = 'session.intra_op.allow_spinning';

/** The options with spinning off, unless they say something about it themselves. */
export function withoutSpinning(
  options: InferenceSession.SessionOptions = {},
): InferenceSession.SessionOptions {
  const { extra = {} } = options;
  const { session = {} } = extra as { session?: Record<string, unknown> };
  if (Object.hasOwn(extra, KEY) || Object.hasOwn(session, 'intra_op')) return options;
  return {
    ...options,
    extra: { ...extra, session: { ...session, intra_op: { allow_spinning: '0' } } },
  };
}
