/** A bundle opened for checks and measurements, where the order of calls is ours to choose. */
import path from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import { sha256 } from '../emit/bundle.js';
import { otherSource } from '../errors/index.js';
import { ScheduledSession, type ScheduledSessionOptions } from '../runtime/index.js';
import { checkFiles, readSchedule } from '../runtime-node/index.js';
import type { Schedule } from '../schedule/index.js';
import type { Ort } from './engine.js';

/**
 * Reads a bundle's schedule and checks its files.
 * @param model the source model; its hash must be the one that the schedule records
 * @throws the SCHEDULE_ errors; SOURCE_DIFFERS
 */
export async function readBundle(folder: string, model?: string): Promise<Schedule> {
  const schedule = await readSchedule(folder);
  await checkFiles(folder, schedule);
  if (model !== undefined && sha256(model) !== schedule.source.sha256)
    throw otherSource(model, schedule.source.file);
  return schedule;
}

/** Opens a bundle with a loop of its own: `calls` instead of the schedule's. */
export function openWithCalls(
  ort: Ort,
  folder: string,
  schedule: Schedule,
  calls: readonly string[],
  sessionOptions: InferenceSession.SessionOptions,
  onCall?: ScheduledSessionOptions['onCall'],
): Promise<ScheduledSession> {
  const used = new Set(calls);
  const { sites: _, ...rest } = schedule;
  const programs = Object.fromEntries(
    Object.entries(schedule.programs).filter(([name]) => used.has(name)),
  );
  return ScheduledSession.create(
    ort as never,
    {
      schedule: { ...rest, programs, calls: [...calls] },
      open: (file) => path.join(folder, file),
    },
    { sessionOptions, ...(onCall && { onCall }) },
  );
}

/** Each program once, in the order in which the schedule first runs them. */
export const distinctPrograms = (schedule: Schedule): string[] => [...new Set(schedule.calls)];
