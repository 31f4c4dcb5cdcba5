/** A schedule written out for another loop: the same models, states and programs, and other calls. */
import {
  loopFixed,
  loopStart,
  loopSteps,
  loopTimesteps,
  loopUnreachable,
} from '../../../errors/index.js';
import type { Cost, Loop, Schedule } from '../../../generated/schedule.js';
import { checkStates } from '../check-states.js';
import { callsPerStep, stepsOfCalls } from '../guidance.js';
import { type LoopPlaces, placesOf, positionsOn, type StepAxis } from './axes.js';
import { choicesOf } from './choices.js';
import { liesElsewhere } from './elsewhere.js';
import { fedParameters } from './fed.js';
import { type LoopShape, stepsTaken } from './loop-shape.js';
import { chosenPrograms } from './programs.js';
import { rowsOf } from './rows.js';

/** A loop that a schedule is wanted for. */
export interface LoopRequest extends LoopPlaces {
  /** Steps of the whole loop; left out: as many as the schedule has. */
  readonly steps?: number | undefined;
  /** The first of them that is taken, from 0: above 0 to begin in the middle, as from image to image; default 0. */
  readonly start?: number | undefined;
}

/** Is anything said of the loop? */
export const asksForLoop = ({ steps, start, timesteps, logSnr }: LoopRequest): boolean =>
  [steps, start, timesteps, logSnr].some((asked) => asked !== undefined);

type RuledLoop = Loop & Required<Pick<Loop, 'rules' | 'rows'>>;

type RuledSchedule = Schedule & { readonly loop: RuledLoop };

/** The loop that a schedule is written out for. */
export const loopOf = ({ loop, calls, source }: Schedule): LoopShape =>
  loop ?? { steps: stepsOfCalls(calls.length, source.guidance), start: 0 };

/** Does a schedule say by which rules its calls come to be? */
export const hasRules = (schedule: Schedule): schedule is RuledSchedule =>
  schedule.loop?.rules !== undefined;

/**
 * The schedule of the same bundle for another number of steps, from another step on, or for steps that lie elsewhere;
 * itself where it is for these.
 *
 * @example
 * const shorter = scheduleFor(schedule, { steps: 30, start: 12 });
 *
 * @throws LOOP_STEPS, LOOP_START, LOOP_TIMESTEPS, LOOP_FIXED where it lists its calls for one loop alone, FORECAST_AXIS_MISSING,
 *   FORECAST_AXIS_UNEVEN, LOOP_UNREACHABLE
 */
export function scheduleFor(schedule: Schedule, request: LoopRequest): Schedule {
  // a part of a loop need not be a whole number of steps
  if (!asksForLoop(request)) return schedule;
  const written = loopOf(schedule);
  const { steps = written.steps, start = request.steps === undefined ? written.start : 0 } =
    request;
  if (!Number.isSafeInteger(steps) || steps < 1) throw loopSteps(steps);
  if (!Number.isSafeInteger(start) || start < 0 || start >= steps) throw loopStart(start, steps);
  const { timesteps } = request;
  const falls = timesteps?.every((t, i) => i === 0 || t <= timesteps[i - 1]!);
  if (timesteps && (timesteps.length !== steps - start || !falls))
    throw loopTimesteps({ steps, start }, timesteps);
  const isWritten = steps === written.steps && start === written.start;
  if (isWritten && !liesElsewhere(schedule, request)) return schedule;
  if (!hasRules(schedule)) throw loopFixed({ steps, start }, written, schedule.loop?.fixed);
  const places = placesWithin(schedule, steps, start, request);
  const made = writtenOut(schedule, { steps, start, ...places });
  const [problem] = checkStates(made);
  if (problem) throw loopUnreachable({ steps, start }, problem.message);
  return made;
}

/** What the rules of a schedule lead to. */
export interface Followed {
  /** The program of each call. */
  readonly calls: readonly string[];
  /** By site, the strategy of each call. */
  readonly strategies: ReadonlyMap<string, readonly string[]>;
}

export function followRules(schedule: RuledSchedule, loop: LoopShape): Followed {
  const { rules, rows } = schedule.loop;
  const asked = rules.map(({ when }) => choicesOf(when, loop));
  const taken = rowsOf(rules, rows, asked, stepsTaken(loop));
  const calls = chosenPrograms(
    schedule,
    taken.flatMap(({ programs }) => programs),
  );
  const halves = [...Array(callsPerStep(schedule.source.guidance)).keys()];
  const strategies = rules.flatMap((rule, r) =>
    rule.sites.map((id, s) => {
      const row = taken.flatMap(({ choices }) =>
        halves.map((half) => rule.choices[choices[r]!]![half]![s]!),
      );
      return [id, row] as const;
    }),
  );
  return { calls, strategies: new Map(strategies) };
}

/** Everything of a schedule with rules that has an entry for each call or step. */
function writtenOut(schedule: RuledSchedule, loop: LoopShape & LoopPlaces): Schedule {
  const { steps, start, timesteps } = loop;
  const { calls, strategies } = followRules(schedule, loop);
  const axes = Object.fromEntries(
    Object.keys(schedule.axes ?? {}).map((axis) => [
      axis,
      positionsOn(axis as StepAxis, loop, steps - start),
    ]),
  );
  const sites = Object.fromEntries(
    Object.entries(schedule.sites ?? {}).map(([id, site]) => [
      id,
      { ...site, strategies: [...strategies.get(id)!] },
    ]),
  );
  const { timesteps: _, parameters, cost, axes: __, ...rest } = schedule;
  const { timesteps: ___, ...placed } = schedule.loop;
  const made: Schedule = {
    ...rest,
    loop: { ...placed, steps, start, ...(timesteps && { timesteps: [...timesteps] }) },
    calls: [...calls],
    ...(Object.keys(axes).length > 0 && { axes }),
    ...(parameters && { parameters }),
    ...(schedule.timesteps && timesteps && { timesteps: [...timesteps] }),
    ...(schedule.sites && { sites }),
    ...(cost && { cost: costOf(cost, calls) }),
  };
  return parameters ? { ...made, parameters: fedParameters(made) } : made;
}

/**
 * Where the steps of a loop lie: as the request has it or, where it is the loop that the schedule is written out for from
 * a later step on, as the schedule does.
 */
function placesWithin(
  schedule: Schedule,
  steps: number,
  start: number,
  { timesteps, logSnr }: LoopPlaces,
): LoopPlaces {
  const written = loopOf(schedule);
  const from = start - written.start;
  const within = steps === written.steps && from >= 0;
  const own = within ? writtenPlaces(schedule) : {};
  return {
    timesteps: timesteps ?? own.timesteps?.slice(from),
    logSnr: logSnr ?? own.logSnr?.slice(from),
  };
}

/** Where the steps lie of the loop that a schedule is written out for, as far as it says. */
export function writtenPlaces(schedule: Schedule): LoopPlaces {
  const { timesteps, logSnr } = placesOf(schedule);
  return { timesteps: schedule.timesteps ?? schedule.loop?.timesteps ?? timesteps, logSnr };
}

/** Means over other calls; what all calls cost together at sites is left out. */
function costOf({ sites: _, macs, ...rest }: Cost, calls: readonly string[]): Cost {
  if (!macs) return rest;
  const { all, layers } = macs.convention;
  const mean = (counts: typeof all) => ({
    ...counts,
    perCall: calls.reduce((sum, name) => sum + (counts.programs[name] ?? 0), 0) / calls.length,
  });
  return { ...rest, macs: { ...macs, convention: { all: mean(all), layers: mean(layers) } } };
}
