/** What is kept from call to call, and for how long. */
import { callsOf } from '../../../runtime/schedule/index.js';
import { type StateLife, stateLives } from '../facts/states.js';
import type { KnownSubject } from '../facts/subject.js';
import { formatBytes, formatShape, list, plural } from '../format.js';
import { type Section, table } from '../page/page.js';

/** States of one kind of life are one row. */
export function statesSection({ schedule }: KnownSubject): Section | undefined {
  const lives = stateLives(schedule);
  if (lives.length === 0) return undefined;
  const calls = callsOf(schedule);
  const groups = new Map<string, StateLife[]>();
  for (const life of lives) {
    const key = JSON.stringify([life.type, life.shape, life.back, life.writes, life.reads]);
    groups.set(key, [...(groups.get(key) ?? []), life]);
  }
  const rows = [...groups.values()].map((group) => {
    const [life] = group as [StateLife];
    const last = life.reads.at(-1);
    return [
      group.length > 3
        ? `${life.id} and ${group.length - 1} like it`
        : list(group.map(({ id }) => id)),
      `${life.type} ${formatShape(life.shape)}`,
      life.bytes === undefined ? '?' : formatBytes(life.bytes * group.length),
      life.writes.length,
      life.reads.length,
      last === undefined ? 'never read' : `calls ${life.writes[0]} to ${last} of ${calls.length}`,
    ];
  });
  const bytes = schedule.cost?.stateBytes;
  return {
    id: 'states',
    title: 'States',
    folded: `${plural(lives.length, 'tensor')}${bytes === undefined ? '' : `, ${formatBytes(bytes)}`}, kept from call to call`,
    body: table(
      'States',
      ['state', 'tensor', 'bytes', 'written', 'read', 'lives'],
      rows,
      [2, 3, 4],
    ),
  };
}
