/** When the states of a schedule are written and read. */

import { bytesOf } from '../../../model/shape/index.js';
import { callsOf, placeOf, type Schedule } from '../../../runtime/schedule/index.js';

export interface StateLife {
  readonly id: string;
  readonly type: string;
  readonly shape: readonly (number | string | null)[];
  /** Undefined where a size is unknown. */
  readonly bytes: number | undefined;
  /** How many writes before the last it holds; of a state that follows none, 0. */
  readonly back: number;
  /** Calls at which it takes a new value, and calls that read it, in order. */
  readonly writes: readonly number[];
  readonly reads: readonly number[];
}

/** States that go from the call that wrote them to one that reads them. */
export interface StateArc {
  readonly from: number;
  readonly to: number;
  readonly states: readonly string[];
}

export function stateLives(schedule: Schedule): StateLife[] {
  const sizes = new Map(Object.entries(schedule.cost?.macs?.bindings ?? {}));
  const access = new Map(
    Object.entries(schedule.programs).map(([name, { runs }]) => [
      name,
      {
        reads: new Set(runs.flatMap((run) => Object.values(run.reads ?? {}))),
        writes: new Set(runs.flatMap((run) => Object.keys(run.writes ?? {}))),
      },
    ]),
  );
  const loop = callsOf(schedule);
  const calls = (id: string, which: 'reads' | 'writes') =>
    loop.inOrder.flatMap((program, call) => (access.get(program)![which].has(id) ? [call] : []));
  return Object.entries(schedule.states).map(([id, { type, shape }]) => {
    const { item, back } = placeOf(schedule.states, id);
    return {
      id,
      type,
      shape,
      bytes: bytesOf({ type, shape }, sizes),
      back,
      writes: calls(item, 'writes'),
      reads: calls(id, 'reads'),
    };
  });
}

/** By the calls that they join, the earliest first. A call reads what was there before it. */
export function stateArcs(lives: readonly StateLife[]): StateArc[] {
  const arcs = new Map<string, { from: number; to: number; states: string[] }>();
  for (const { id, back, writes, reads } of lives)
    for (const to of reads) {
      // before a history is full its first value stands for those that are not there yet
      const before = writes.filter((call) => call < to);
      const from = before.at(-1 - back) ?? before[0];
      if (from === undefined) continue;
      const arc = arcs.get(`${from} ${to}`) ?? { from, to, states: [] };
      arc.states.push(id);
      arcs.set(`${from} ${to}`, arc);
    }
  return [...arcs.values()].sort((a, b) => a.from - b.from || a.to - b.to);
}
