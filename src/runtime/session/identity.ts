/** What the states of an image belong to: a bundle, and the loop that the image is in. */
import type { Schedule } from '../../generated/schedule.js';
import { callsOf } from '../schedule/calls.js';
import { fingerprint } from './fingerprint.js';

export interface SavedIdentity {
  /** SHA-256 of the source model. */
  readonly source: string;
  /** Of models, weights, programs and states: the same for any number of calls. */
  readonly programs: string;
  /** How many calls a loop has. */
  readonly calls: number;
  /** Of the program of each call, and what it is fed. */
  readonly loop: string;
}

const known = new WeakMap<Schedule, SavedIdentity>();

export function identityOf(schedule: Schedule): SavedIdentity {
  let identity = known.get(schedule);
  if (!identity) {
    identity = identify(schedule);
    known.set(schedule, identity);
  }
  return identity;
}

function identify(schedule: Schedule): SavedIdentity {
  const { source, models, weights, states, programs, parameters = {} } = schedule;
  const calls = callsOf(schedule);
  const { inOrder } = calls;
  const fed = Object.keys(parameters).map((id) => [
    id,
    inOrder.map((_, call) => calls.fedAt(id, call)),
  ]);
  const { inputs, outputs, guidance } = source;
  return {
    source: source.sha256,
    programs: fingerprint({ inputs, outputs, guidance, models, weights, states, programs }),
    calls: calls.length,
    loop: fingerprint({ inOrder, fed: Object.fromEntries(fed) }),
  };
}
