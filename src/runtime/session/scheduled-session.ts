/**
 * Runs a schedule: at each call the models of that call's program, with the states that earlier
 * calls left. Has the surface of `InferenceSession`, so that code which drives a denoiser changes
 * one line. Costs nothing over the engine but the lookups: states are the engine's own tensors, and
 * only outputs that the call needs are fetched.
 */
import type { Schedule } from '../../generated/schedule.js';
import { callsOf } from '../schedule/calls.js';
import { scheduleFor } from '../schedule/loop/index.js';
import { parseSchedule } from '../schedule/parse.js';
import type { Bundle, Engine, ScheduledSessionOptions } from './engine.js';
import { LocalImage } from './local-image.js';
import { Models } from './models.js';
import { Programs } from './programs.js';
import { type SessionSchedules, SessionSurface } from './session-surface.js';

export class ScheduledSession extends SessionSurface {
  private constructor(
    schedules: SessionSchedules,
    programs: Programs,
    options: ScheduledSessionOptions,
  ) {
    super(schedules, options, new LocalImage(programs, schedules.followed), {
      open: (followed) => new LocalImage(programs, followed),
      close: () => programs.release(),
    });
  }

  /**
   * Checks the schedule and loads its models.
   * @param ort the engine's namespace: `import * as ort from 'onnxruntime-node'` or `'onnxruntime-web'`
   * @throws StepfoldError SCHEDULE_INVALID, GUIDANCE_BRANCHES, MODEL_LOAD_FAILED, SCHEDULE_MODEL_MISMATCH,
   *   LOOP_STEPS, LOOP_START, LOOP_FIXED
   */
  static async create(
    ort: Engine,
    bundle: Bundle,
    options: ScheduledSessionOptions = {},
  ): Promise<ScheduledSession> {
    const written = parseSchedule(bundle.schedule);
    const followed = scheduleFor(written, options);
    const programs = new Programs(ort, written, new Models(ort, bundle, written, options));
    const session = new ScheduledSession({ written, followed }, programs, options);
    try {
      // One after another: each load uses all processors, and memory peaks once.
      for (const program of toLoad(followed, options.load)) await programs.prepare(program);
      return session;
    } catch (error) {
      await programs.release();
      throw error;
    }
  }
}

/** What no call of this loop runs is loaded when a call of another does, unless all was asked for. */
function toLoad(schedule: Schedule, load: ScheduledSessionOptions['load']): readonly string[] {
  if (load === 'lazy') return [];
  return load === 'all' ? Object.keys(schedule.programs) : callsOf(schedule).programs;
}
