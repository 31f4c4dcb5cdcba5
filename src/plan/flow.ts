/**
 * What flows from call to call: which sites are live in each call, which states each call reads,
 * and which it must write because a later call reads them. A call may read only what an earlier
 * call wrote since the start of the image; that is checked here.
 */
import { planUnassigned } from '../errors/index.js';
import type { Plan } from './plan.js';
import { COMPUTE } from './site.js';

/** One call after liveness. */
export interface CallFlow {
  /** Strategy of each site; `undefined` where the site is not live, inside one that is replaced. */
  readonly row: readonly (string | undefined)[];
  readonly reads: readonly string[];
  /** States that some later call reads before they are written again. */
  readonly writes: readonly string[];
}

/**
 * @param liveSites which sites the outputs depend on, for a row of the plan
 * @throws PLAN_UNASSIGNED naming call, site and state
 */
export function analyzeFlow(
  plan: Plan,
  liveSites: (row: readonly string[]) => ReadonlySet<number>,
): CallFlow[] {
  const live = memoize(liveSites);
  const lastWriter = new Map<string, number>();
  const needed: Set<string>[] = plan.rows.map(() => new Set());
  const calls = plan.rows.map((row, call) => {
    const alive = live(row);
    const reads = new Set<string>();
    plan.sites.forEach((site, s) => {
      if (!alive.has(s)) return;
      const strategy = site.strategies[row[s] as string];
      for (const state of strategy?.reads ?? []) {
        const writer = lastWriter.get(state);
        if (writer === undefined) throw planUnassigned(call, site.id, row[s] as string, state);
        needed[writer]?.add(state);
        reads.add(state);
      }
    });
    plan.sites.forEach((site, s) => {
      if (!alive.has(s)) return;
      for (const state of Object.keys(site.strategies[row[s] as string]?.writes ?? {}))
        lastWriter.set(state, call);
    });
    return { row: row.map((name, s) => (alive.has(s) ? name : undefined)), reads: [...reads] };
  });
  return calls.map((call, t) => ({ ...call, writes: [...(needed[t] ?? [])].sort() }));
}

function memoize(liveSites: (row: readonly string[]) => ReadonlySet<number>) {
  const known = new Map<string, ReadonlySet<number>>();
  return (row: readonly string[]) => {
    const key = row.join('\n');
    const result = known.get(key) ?? liveSites(row);
    known.set(key, result);
    return result;
  };
}

/** Calls that run the same thing share a program. */
export interface ProgramFlow extends CallFlow {
  readonly name: string;
}

/**
 * Gives each distinct call a program, named by its strategies: `full` when every live site is
 * computed, the strategy's own word (`shallow`) when one suggests it, else `mixed`; numbered when
 * several rows claim one name. A program that writes less than its namesake says so.
 */
export function assignPrograms(
  plan: Plan,
  calls: readonly CallFlow[],
): { programs: ProgramFlow[]; calls: string[] } {
  const programs = new Map<string, ProgramFlow>();
  const rowNames = new Map<string, string>();
  const taken = new Set<string>();
  const claim = (base: string) => {
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
    taken.add(name);
    return name;
  };
  const names = calls.map((call) => {
    const rowKey = call.row.map((s) => s ?? '-').join('\n');
    const key = `${rowKey}\n>${call.writes.join()}`;
    const known = programs.get(key);
    if (known) return known.name;
    const rowName = rowNames.get(rowKey);
    const name = claim(
      rowName
        ? `${rowName}-${call.writes.length === 0 ? 'stateless' : 'partial'}`
        : rowWord(plan, call.row),
    );
    if (!rowName) rowNames.set(rowKey, name);
    programs.set(key, { ...call, name });
    return name;
  });
  return { programs: [...programs.values()], calls: names };
}

function rowWord(plan: Plan, row: readonly (string | undefined)[]): string {
  const words = new Set<string>();
  row.forEach((name, s) => {
    if (name !== undefined && name !== COMPUTE)
      words.add(plan.sites[s]?.strategies[name]?.program ?? 'mixed');
  });
  if (words.size === 0) return 'full';
  return words.size === 1 ? ([...words][0] as string) : 'mixed';
}
