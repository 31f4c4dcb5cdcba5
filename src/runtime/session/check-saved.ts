/** Whether a saved image is one, and goes on in a session. It may come from anywhere: nothing of it is taken on trust. */
import { savedImageInvalid, savedImageMismatch, savedImageVersion } from '../../errors/index.js';
import type { Schedule, State } from '../../generated/schedule.js';
import { callsOf } from '../schedule/calls.js';
import { identityOf } from './identity.js';
import type { SavedImage } from './saved-image.js';
import { zeros } from './tensors.js';
import type { WatchMemory } from './watch-memory.js';

type Fields = Readonly<Record<string, unknown>>;

export interface CheckedImage extends SavedImage {
  readonly watch: WatchMemory;
}

/** @throws StepfoldError SAVED_IMAGE_INVALID, SAVED_IMAGE_VERSION, SAVED_IMAGE_MISMATCH */
export function checkSaved(saved: unknown, schedule: Schedule): asserts saved is CheckedImage {
  if (!isRecord(saved) || saved['format'] !== 'stepfold.image')
    throw savedImageInvalid('it is nothing that save() gave');
  if (saved['version'] !== 1) throw savedImageVersion(saved['version']);
  const { callIndex, states, watch } = saved;
  checkIdentity(saved['schedule'], schedule);
  const { length } = callsOf(schedule);
  if (!isCount(callIndex) || callIndex > length)
    throw savedImageInvalid(`callIndex is no number of calls from 0 to ${length}`);
  if (!isRecord(states)) throw savedImageInvalid('it has no states');
  checkStates(states, schedule, callIndex);
  if (!isMemory(watch)) throw savedImageInvalid('watch is not what save() gave');
}

function checkIdentity(of: unknown, schedule: Schedule): void {
  if (!isRecord(of)) throw savedImageInvalid('it does not say what it was saved from');
  const identity = identityOf(schedule);
  if (of['source'] !== identity.source)
    throw savedImageMismatch('source', of['source'], identity.source);
  if (of['programs'] !== identity.programs)
    throw savedImageMismatch('programs', of['programs'], identity.programs);
  if (of['calls'] !== identity.calls)
    throw savedImageMismatch('calls', of['calls'], identity.calls);
  if (of['loop'] !== identity.loop) throw savedImageMismatch('loop', of['loop'], identity.loop);
}

/** Held are the states that the calls so far have written, those that follow them, and those that began with a value. */
function checkStates(states: Fields, schedule: Schedule, calls: number): void {
  const held = heldAfter(schedule, calls);
  for (const id of held)
    if (!Object.hasOwn(states, id)) throw savedImageInvalid(`it has no state "${id}"`);
  for (const [id, state] of Object.entries(states)) {
    if (!held.has(id)) throw savedImageInvalid(`state "${id}" is held by nothing at call ${calls}`);
    const why = isRecord(state) ? misfit(state, schedule.states[id]!, calls) : 'no state';
    if (why !== undefined) throw savedImageInvalid(`state "${id}" is ${why}`);
  }
}

function heldAfter(schedule: Schedule, calls: number): ReadonlySet<string> {
  const made = new Set(callsOf(schedule).inOrder.slice(0, calls));
  const runs = [...made].flatMap((program) => schedule.programs[program]!.runs);
  const written = new Set(runs.flatMap((run) => Object.keys(run.writes ?? {})));
  const isHeld = (id: string): boolean => {
    const { initial, follows } = schedule.states[id]!;
    return written.has(id) || initial !== undefined || (follows !== undefined && isHeld(follows));
  };
  return new Set(Object.keys(schedule.states).filter(isHeld));
}

/** Why it cannot be the state that the schedule says; undefined where it can. */
function misfit({ type, dims, data, call, sizes }: Fields, is: State, calls: number) {
  if (type !== is.type) return `of type ${said(type)} in place of ${is.type}`;
  if (!isCounts(dims)) return 'without dims';
  const fits =
    dims.length === is.shape.length &&
    is.shape.every((dim, axis) => typeof dim !== 'number' || dim === dims[axis]);
  if (!fits)
    return `[${dims.join(', ')}] in place of [${is.shape.map((dim) => dim ?? '?').join(', ')}]`;
  if (!isRecord(sizes) || !isCounts(Object.values(sizes))) return 'without sizes';
  if (!Number.isInteger(call) || Number(call) < -1 || Number(call) >= calls)
    return `written by call ${said(call)}, where ${calls} were made`;
  const length = dims.reduce((product, dim) => product * dim, 1);
  const is4 = is.type === 'int4' || is.type === 'uint4';
  const elements = is4 ? Math.ceil(length / 2) : length;
  if (tagOf(data) !== tagOf(zeros(is.type, 0)) || (data as ArrayLike<unknown>).length !== elements)
    return `without ${elements} elements of ${is.type}`;
  return undefined;
}

/** An object need not be able to say what it is: its `toString` may be anything. */
const said = (value: unknown): string => (Object(value) === value ? tagOf(value) : String(value));

/** Of arrays from another realm too. */
const tagOf = (value: unknown): string => Object.prototype.toString.call(value);

function isMemory(memory: unknown): memory is WatchMemory {
  if (!isRecord(memory) || !isPlain(memory)) return false;
  const { first, last, lastOfKind, largestBatch, smallestPairs, stride, reached, left } = memory;
  const flags = ['rises', 'repeatsFirst', 'repeats'].every(
    (flag) => typeof memory[flag] === 'boolean',
  );
  const seen = Array.isArray(lastOfKind) && [first, last, ...lastOfKind].every(isSeen);
  const isLeft =
    left === undefined ||
    (isRecord(left) &&
      [left['first'], left['last']].every((one) => one !== undefined && isSeen(one)) &&
      isCounts([left['calls'], left['reached']]));
  const isStride = stride === undefined || typeof stride === 'number';
  const isPairs = smallestPairs === undefined || isCount(smallestPairs);
  return flags && seen && isLeft && isStride && isPairs && isCounts([largestBatch, reached]);
}

function isSeen(seen: unknown): boolean {
  if (seen === undefined) return true;
  if (!isRecord(seen)) return false;
  const { timestep, sizes } = seen;
  const isTimestep =
    timestep === undefined ||
    (isRecord(timestep) &&
      [timestep['largest'], timestep['smallest']].every((n) => typeof n === 'number'));
  return isTimestep && Array.isArray(sizes) && sizes.every(isCounts);
}

/** Can it be copied, and sent to a worker? */
function isPlain(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0;

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every(isCount);
