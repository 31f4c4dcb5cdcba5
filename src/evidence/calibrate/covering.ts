/**
 * A plan that is never meant to be run as such: in its rows every site goes through all its modes, so
 * that lowering it builds every strategy, and every state that some strategy reads. All sites do so in
 * the same rows, since none of them lies in another.
 */

import { type FlatPlan, Histories, partsOf, type Site } from '../../compiler/plan/index.js';
import { stateNeverWritten } from '../../errors/index.js';
import { type Mode, readsOf, writesOf } from './modes.js';

export interface Covering {
  /** Over the parts of the sites. */
  readonly plan: FlatPlan;
  /** Where the parts of each site begin among the plan's sites. */
  readonly firstPart: readonly number[];
  /** `columns[site][row]`: the key of the mode that the site is in. */
  readonly columns: readonly (readonly string[])[];
}

/**
 * @param modes of each site, the computed ones first
 * @throws CALIBRATE_STATE when a mode reads what none writes
 */
export function coverModes(sites: readonly Site[], modes: readonly (readonly Mode[])[]): Covering {
  const columns = sites.map((site, s) => coverSite(site, modes[s]!));
  const calls = Math.max(...columns.map((column) => column.length));
  const parts = sites.map(partsOf);
  const at = (s: number, row: number) => columns[s]![row] ?? modes[s]![0]!;
  const rows = Array.from({ length: calls }, (_, row) =>
    sites.flatMap((_, s) => at(s, row).choices.map((choice) => choice.name)),
  );
  let next = 0;
  const firstPart = parts.map((list) => {
    next += list.length;
    return next - list.length;
  });
  return {
    plan: { calls, sites: parts.flat(), rows },
    firstPart,
    columns: sites.map((_, s) => rows.map((_, row) => at(s, row).key)),
  };
}

/** Two stretches for each mode: one in which its states are read later, one in which they are not. */
function coverSite(site: Site, modes: readonly Mode[]): Mode[] {
  const histories = new Histories(partsOf(site));
  const runnable = inRunnableOrder(site, modes, histories);
  const computed = modes.filter((mode) => mode.strategy === modes[0]!.strategy);
  return [
    ...runnable,
    ...runnable.flatMap((mode) => {
      const states = writesOf(mode);
      const readers = modes
        .filter((other) => readsOf(other, histories).some((state) => states.includes(state)))
        // those that write themselves come last, lest they overwrite what others want to read
        .sort((a, b) => writesOf(a).length - writesOf(b).length);
      const deepest = Math.max(1, ...states.map((state) => histories.depthOf(state)));
      // as many as histories hold, so that none of them is what the mode left
      const forgotten = Array.from({ length: deepest }, () => computed).flat();
      return [mode, ...readers, mode, ...forgotten];
    }),
  ];
}

function inRunnableOrder(site: Site, modes: readonly Mode[], histories: Histories): Mode[] {
  const written = new Set<string>();
  const ordered: Mode[] = [];
  const waiting = [...modes];
  while (waiting.length > 0) {
    const at = waiting.findIndex((mode) =>
      readsOf(mode, histories).every((state) => written.has(state)),
    );
    const [mode] = at < 0 ? [] : waiting.splice(at, 1);
    if (!mode) {
      const [stuck] = waiting as [Mode];
      const state = readsOf(stuck, histories).find((id) => !written.has(id)) as string;
      throw stateNeverWritten(site.id, stuck.strategy, state);
    }
    ordered.push(mode);
    for (const state of writesOf(mode)) written.add(state);
  }
  return ordered;
}
