/** What parameters are fed at each call of a loop: the weights of forecasts, from the calls that wrote what they weigh. */
import type { Schedule } from '../../../generated/schedule.js';
import { callsPerStep } from '../guidance.js';
import { forecastWeights } from './forecast-weights.js';
import { fedTo, writtenBy } from './programs.js';

type Parameters = NonNullable<Schedule['parameters']>;

/** @param schedule with the calls and axes of the loop; of its parameters everything but `calls` is taken over */
export function fedParameters(schedule: Schedule): Parameters {
  const { calls, programs, parameters = {} } = schedule;
  const rows = new Map<string, (number[] | null)[]>(Object.keys(parameters).map((id) => [id, []]));
  /** By state, the calls that wrote it, the last first. */
  const written = new Map<string, number[]>();
  calls.forEach((name, call) => {
    const program = programs[name]!;
    const fed = fedTo(program);
    for (const [id, row] of rows)
      row.push(fed.has(id) ? weightsAt(schedule, id, call, written) : null);
    for (const state of writtenBy(program))
      written.set(state, [call, ...(written.get(state) ?? [])]);
  });
  return Object.fromEntries(
    Object.entries(parameters).map(([id, parameter]) => [
      id,
      { ...parameter, calls: rows.get(id)! },
    ]),
  );
}

function weightsAt(
  { source, axes = {}, calls, parameters }: Schedule,
  id: string,
  call: number,
  written: ReadonlyMap<string, readonly number[]>,
): number[] {
  // only forecasts have rules: whoever made the schedule gave it none where a parameter is anything else
  const { state, axis, ...rule } = parameters![id]!.forecast!;
  const perStep = callsPerStep(source.guidance);
  const positions = axis && axes[axis]!;
  const place = (of: number) => {
    const step = Math.floor(of / perStep);
    return positions ? positions[step]! : step;
  };
  const before = written.get(state) ?? [];
  return forecastWeights(rule, before.map(place), place(call), Math.ceil(calls.length / perStep));
}
