/**
 * States of a model that is run by feeding back what it gave: every one leaves the model at every call, as it is to come
 * in at the next. What a reader of the schedule does between calls happens inside: initial values, and histories, which
 * there are renames and here copies.
 */
import type { Graph } from '../../model/ir/graph.js';
import type { Value } from '../../model/ir/value.js';
import type { Run } from '../../runtime/schedule/index.js';
import { buildIf, type StateInfo } from '../lower/index.js';
import { type CallTables, constantOf } from './call-tables.js';

/** What a state is after a call: what it was, what another was, or what the call has made of it or of another. */
type Origin = `${'held' | 'made'} ${string}`;

/**
 * By state, where it comes from at each call.
 * @param runs of the calls, in order
 */
export function originsOf(
  states: ReadonlyMap<string, Pick<StateInfo, 'id' | 'follows' | 'initial'>>,
  runs: readonly Pick<Run, 'writes'>[],
): Map<string, Origin[]> {
  const followers = new Map(
    [...states.values()].flatMap(({ id, follows }) =>
      follows === undefined ? [] : [[follows, id] as const],
    ),
  );
  const filled = new Set([...states.values()].filter((s) => s.initial).map(({ id }) => id));
  const origins = new Map([...states.keys()].map((id) => [id, [] as Origin[]]));
  for (const { writes = {} } of runs) {
    const after = new Map<string, Origin>();
    const push = (id: string, origin: Origin): void => {
      after.set(id, origin);
      const follower = followers.get(id);
      // where there was nothing before, the new value goes along the whole row
      if (follower !== undefined) push(follower, filled.has(id) ? `held ${id}` : origin);
    };
    for (const id of Object.keys(writes)) if (states.has(id)) push(id, `made ${id}`);
    for (const [id, row] of origins) row.push(after.get(id) ?? `held ${id}`);
    for (const id of after.keys()) filled.add(id);
  }
  return origins;
}

export interface Carried {
  /** By state, the graph input that carries it. */
  readonly inputs: ReadonlyMap<string, Value>;
  /** By state that the model already gives, that output: what the call made, or else what came in or what it need not have made. */
  readonly outputs: ReadonlyMap<string, Value>;
  /** By call, the states that the model gives as they came in where the call makes nothing of them. */
  readonly passed: readonly ReadonlySet<string>[];
}

/**
 * By call, the states that hold something for a later one.
 * @param runs of the calls, in order
 */
function awaited(
  states: Iterable<Pick<StateInfo, 'id' | 'follows'>>,
  runs: readonly Pick<Run, 'reads' | 'writes'>[],
): ReadonlySet<string>[] {
  const all = [...states];
  const followed = new Set(all.map(({ follows }) => follows));
  const held = runs.map(() => new Set<string>());
  for (const { id } of all) {
    let isAwaited = false;
    for (const [call, { reads = {}, writes = {} }] of [...runs.entries()].reverse()) {
      if (isAwaited) held[call]!.add(id);
      // what follows a state takes from it what it held
      if (id in writes) isAwaited = followed.has(id);
      if (Object.values(reads).includes(id)) isAwaited = true;
    }
  }
  return held;
}

/** @returns by state, the value that is to leave the graph */
export function carry(
  graph: Graph,
  states: ReadonlyMap<string, StateInfo>,
  runs: readonly Pick<Run, 'reads' | 'writes'>[],
  tables: CallTables,
  { inputs, outputs, passed }: Carried,
): Map<string, Value> {
  const held = new Map(
    [...inputs].map(([id, input]) => [id, beginning(graph, states.get(id)!, input, tables)]),
  );
  const valueAt = (origin: Origin): Value => {
    const [how, id] = [origin.slice(0, 4), origin.slice(5)];
    return how === 'made' ? outputs.get(id)! : held.get(id)!;
  };
  const waiting = awaited(states.values(), runs);
  /** What the model gives will do where it is what came in, and where nobody looks at it. */
  const given = (id: string) => (origin: Origin, call: number) =>
    passed[call]!.has(id) || !waiting[call]!.has(id) ? (`made ${id}` as const) : origin;
  return new Map(
    [...originsOf(states, runs)].map(([id, row]) => {
      const own = outputs.has(id) ? row.map(given(id)) : row;
      const kinds = [...new Set(own)];
      if (kinds.length === 1) return [id, valueAt(kinds[0]!)] as const;
      const name = inputs.get(id)!.name;
      const choice = tables.lookUp(`${name}.origin`, {
        type: 'int64',
        shape: [],
        rows: own.map((origin) => [kinds.indexOf(origin)]),
      });
      const branches = kinds.map((origin) => ({
        values: [valueAt(origin)],
        region: new Set<never>(),
        instead: new Map<never, never>(),
      }));
      return [id, buildIf(graph, `history.${id}`, choice, branches, 0)[0]!] as const;
    }),
  );
}

/** What a state holds as the graph is to see it: at call 0 its initial value, where it has one. */
function beginning(
  graph: Graph,
  { type, initial, shape }: StateInfo,
  input: Value,
  tables: CallTables,
): Value {
  if (!initial) return input;
  const uses = [...input.uses];
  const first = constantOf(graph, `${input.name}.initial`, type, initial, shape as number[]);
  const value = graph.addNode({
    opType: 'Where',
    inputs: [tables.isFirst(), first, input],
    outputs: [`${input.name}.begun`],
  }).output;
  graph.replaceUses(input, value, (use) => uses.includes(use));
  return value;
}
