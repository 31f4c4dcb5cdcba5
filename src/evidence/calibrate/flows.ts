/** What each mode of each site reads and keeps, as the lowering of the covering plan found it. */

import type { Instrumented } from '../../compiler/lower/index.js';
import { type NamedVariant, partsOf } from '../../compiler/plan/index.js';
import type { Value } from '../../model/ir/value.js';
import type { Mode } from './modes.js';
import type { SearchSpace } from './space.js';

export interface ModeFlow {
  /** States that must have been written by an earlier call. */
  readonly reads: ReadonlySet<string>;
  /** States that some mode reads later, with the value to keep, in the instrumented graph. */
  readonly keeps: ReadonlyMap<string, Value>;
  /** Programs in which the site is in this mode: where it keeps most, and where it keeps least. */
  readonly keeping: string;
  readonly plain: string;
}

export type Flows = (site: number, mode: Mode) => ModeFlow;

export function modeFlows(space: SearchSpace, instrumented: Instrumented): Flows {
  const programs = new Map(instrumented.variants.map((program) => [program.name, program]));
  const flows = space.sites.map((_, s) => {
    const found = new Map<string, ModeFlow>();
    for (const mode of space.modes[s]!) {
      const rows = space.covering.columns[s]!.flatMap((key, row) =>
        key === mode.key ? [row] : [],
      );
      const users = rows.map((row) => programs.get(instrumented.calls[row]!)!);
      found.set(mode.key, flowOf(space, instrumented, s, users));
    }
    return found;
  });
  return (site, mode) => flows[site]!.get(mode.key)!;
}

function flowOf(
  space: SearchSpace,
  instrumented: Instrumented,
  site: number,
  programs: readonly NamedVariant[],
): ModeFlow {
  const parts = partsOf(space.sites[site]!);
  const own = new Set(parts.flatMap((part) => part.states.map((state) => state.id)));
  const kept = (program: NamedVariant) =>
    parts.flatMap((_, p) => {
      const index = space.covering.firstPart[site]! + p;
      const name = program.row[index];
      const writes = name === undefined ? [] : [...instrumented.sites[index]!.writes.get(name)!];
      return writes.filter(([state]) => program.writes.includes(state));
    });
  const ranked = programs
    .map((program) => ({ program, keeps: kept(program) }))
    .sort((a, b) => b.keeps.length - a.keeps.length);
  return {
    reads: new Set(programs.flatMap((p) => p.reads.filter((state) => own.has(state)))),
    keeps: new Map(ranked.flatMap(({ keeps }) => keeps)),
    keeping: ranked[0]!.program.name,
    plain: ranked.at(-1)!.program.name,
  };
}
