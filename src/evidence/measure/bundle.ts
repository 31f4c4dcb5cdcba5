/** A bundle opened for checks and measurements, where the order of calls is ours to choose. */
import fs from 'node:fs';
import path from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import { SCHEDULE_FILE, sha256 } from '../../compiler/emit/index.js';
import { checkWeights } from '../../compiler/emit/weights.js';
import { fileNotFound, notABundle, otherSource } from '../../errors/index.js';
import { restoreInterrupted } from '../../io/siblings.js';
import { loadModel } from '../../model/onnx/files.js';
import { checkFiles, readSchedule } from '../../runtime/node/index.js';
import { callsOf, type Schedule, uncounted } from '../../runtime/schedule/index.js';
import { ScheduledSession } from '../../runtime/session/index.js';
import type { Ort } from './engine.js';

/**
 * Reads a bundle's schedule and checks its files.
 * @param model the source model; its hash must be the one that the schedule records
 * @throws FILE_NOT_FOUND, NOT_A_BUNDLE, the SCHEDULE_ errors, SOURCE_DIFFERS, and what `loadModel` and `checkWeights`
 *   throw
 */
export async function readBundle(folder: string, model?: string): Promise<Schedule> {
  requireBundle(folder);
  const source = model === undefined ? undefined : loadModel(model);
  const schedule = await readSchedule(folder);
  await checkFiles(folder, schedule);
  if (model !== undefined && sha256(model) !== schedule.source.sha256)
    throw otherSource(model, schedule.source.file);
  if (source) checkWeights(source);
  return schedule;
}

/** @throws BUNDLE_INTERRUPTED, FILE_NOT_FOUND, NOT_A_BUNDLE */
export function requireBundle(folder: string): void {
  restoreInterrupted(folder);
  if (!fs.existsSync(folder)) throw fileNotFound(folder);
  if (!fs.existsSync(path.join(folder, SCHEDULE_FILE))) throw notABundle(folder);
}

/** Opens a bundle with a loop of its own: `calls` instead of the schedule's. */
export function openWithCalls(
  ort: Ort,
  folder: string,
  given: Schedule,
  calls: readonly string[],
  sessionOptions: InferenceSession.SessionOptions,
): Promise<ScheduledSession> {
  const schedule = uncounted(given);
  const used = new Set(calls);
  // what they say of the whole schedule does not hold for a part of it
  const {
    sites: _,
    cost: __,
    timesteps: ___,
    axes: ____,
    loop: _____,
    sampler: ______,
    ...rest
  } = schedule;
  const programs = Object.fromEntries(
    Object.entries(schedule.programs).filter(([name]) => used.has(name)),
  );
  return ScheduledSession.create(
    ort as never,
    {
      // a list of calls is what version 1 has
      schedule: {
        ...rest,
        ...parametersFor(schedule, calls),
        version: 1,
        programs,
        calls: [...calls],
      },
      open: (file) => path.join(folder, file),
    },
    // the same inputs at every call are no new image
    { sessionOptions, newImage: 'reset' },
  );
}

/** Each program is fed what the first of its calls is. */
function parametersFor(schedule: Schedule, programs: readonly string[]) {
  const { parameters } = schedule;
  if (!parameters) return {};
  const calls = callsOf(schedule);
  const of = programs.map((program) => calls.firstOf(program));
  return {
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([id, { shape }]) => [
        id,
        { shape, calls: of.map((call) => calls.fedAt(id, call)?.slice() ?? null) },
      ]),
    ),
  };
}

/** Each program once, in the order in which the schedule first runs them. */
export const distinctPrograms = (schedule: Schedule): string[] => callsOf(schedule).programs;

/** Ids of states that a program reads, and that it writes. */
export interface StateAccess {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

export function statesOf({ programs }: Schedule, program: string): StateAccess {
  const { runs } = programs[program]!;
  return {
    reads: runs.flatMap((run) => Object.values(run.reads ?? {})),
    writes: runs.flatMap((run) => Object.keys(run.writes ?? {})),
  };
}
