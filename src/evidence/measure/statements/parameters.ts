/**
 * What a schedule says of its parameters: weights of a forecast are those of its rule, by the steps at which the
 * history that they weigh was written. Plain code over the schedule alone.
 */
import type { Problem } from '../../../errors/index.js';
import { callsOf, type Schedule } from '../../../runtime/schedule/index.js';
import { pointer } from '../../../runtime/schedule/pointer.js';
import { referenceWeightsAt } from '../reference/forecast-weights.js';

/** Weights go up to some hundreds; they are fed as float32. */
const ROUNDING = 1e-6;

/** @param unproved is told which parameters say no rule */
export function parameterProblems(schedule: Schedule, unproved: (what: string) => void): Problem[] {
  const calls = callsOf(schedule);
  const { parameters = {} } = schedule;
  return Object.entries(parameters).flatMap(([id, { forecast }]) => {
    if (!forecast) {
      unproved(`the numbers of "${id}", which say no rule`);
      return [];
    }
    if (!Object.hasOwn(schedule.states, forecast.state))
      return [
        {
          path: pointer('parameters', id, 'forecast', 'state'),
          message: `names no state: "${forecast.state}"`,
        },
      ];
    const written: number[] = [];
    const problemsAt = (program: string, call: number): Problem[] => {
      const fed = calls.fedAt(id, call);
      const wanted = fed && referenceWeightsAt(schedule, forecast, written, call);
      if (writesOf(schedule, program).has(forecast.state)) written.unshift(call);
      const differs = wanted?.some(
        (weight, i) => !(Math.abs(weight - fed![i]!) <= ROUNDING * Math.max(1, Math.abs(weight))),
      );
      return differs
        ? [
            {
              path: pointer('parameters', id, 'calls', call),
              message: `says ${fed!.join(', ')}, where the rule gives ${wanted!.join(', ')}`,
            },
          ]
        : [];
    };
    return calls.inOrder.flatMap(problemsAt);
  });
}

const writesOf = ({ programs }: Schedule, program: string): Set<string> =>
  new Set(programs[program]!.runs.flatMap(({ writes = {} }) => Object.keys(writes)));
