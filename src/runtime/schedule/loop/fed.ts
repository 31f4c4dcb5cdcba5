/** What parameters are fed at each call of a loop: the weights of forecasts, from the calls that wrote what they weigh. */
import type { Schedule } from '../../../generated/schedule.js';
import { callsPerStep } from '../guidance.js';
import { weightsOfCall } from './forecast-weights.js';
import { fedTo, ofEach, writtenBy } from './programs.js';

type Parameters = NonNullable<Schedule['parameters']>;

/**
 * @param schedule with the calls and axes of the loop; of its parameters everything but `calls` is taken over, and all of
 *   one that is no forecast
 */
export function fedParameters(
  schedule: Pick<Schedule, 'calls' | 'programs' | 'parameters' | 'axes'> & {
    readonly source: Pick<Schedule['source'], 'guidance'>;
  },
): Parameters {
  const { calls, programs, parameters = {} } = schedule;
  const weights = new Map(
    Object.entries(parameters).flatMap(([id, { forecast }]) =>
      forecast ? [[id, { ...forecast, row: [] as (number[] | null)[] }] as const] : [],
    ),
  );
  const loop = { calls: calls.length, perStep: callsPerStep(schedule.source.guidance) };
  /** By state, the calls that wrote it, the last first. */
  const written = new Map<string, number[]>();
  const feeds = ofEach(programs, fedTo);
  const writes = ofEach(programs, writtenBy);
  calls.forEach((name, call) => {
    const fed = feeds(name);
    for (const [id, { row, state, axis, ...rule }] of weights) {
      const positions = axis && schedule.axes![axis]!;
      const before = written.get(state) ?? [];
      row.push(fed.has(id) ? weightsOfCall(rule, { ...loop, positions }, call, before) : null);
    }
    for (const state of writes(name)) written.set(state, [call, ...(written.get(state) ?? [])]);
  });
  return Object.fromEntries(
    Object.entries(parameters).map(([id, parameter]) => [
      id,
      { ...parameter, calls: weights.get(id)?.row ?? parameter.calls },
    ]),
  );
}
