/**
 * Graphs in a line a node, sites of them with strategies of all kinds, and what a plan over them gives by definition:
 * a value is what its line says, unless a site says otherwise.
 */

import type { LeafStrategy, PlainSite, SiteBuilder } from '../../../src/compiler/plan/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import type { Value } from '../../../src/model/ir/value.js';
import { modelOf, named } from '../../helpers/text.js';

/** Names and what they are made of: `-a`, `a + b`, `a - b`; in order, the last ones given out. */
export interface Case {
  readonly name: string;
  readonly nodes: Readonly<Record<string, string>>;
  readonly outputs: readonly string[];
  /** The values of each site. */
  readonly sites: Readonly<Record<string, readonly string[]>>;
  /** Nodes that several sites need, or a site for a value that one call does not: they may run for nothing. */
  readonly spare?: readonly string[];
}

const OPERATORS: Record<string, [string, (a: number, b: number) => number]> = {
  '+': ['Add', (a, b) => a + b],
  '-': ['Sub', (a, b) => a - b],
};
export const STRATEGIES = ['compute', 'reuse', 'zero', 'bypass', 'opposite', 'delta'] as const;
export type Name = (typeof STRATEGIES)[number];

/** What a value is made of first of all, but for what its own site makes: strategies may go by it. */
const beside = ({ nodes }: Case, own: readonly string[], name: string): string =>
  parsed(nodes[name]!).reads.find((read) => !own.includes(read)) ?? 'x';

/** What a node reads, and how it is done. */
function parsed(text: string): {
  op: string;
  reads: string[];
  apply: (...numbers: number[]) => number;
} {
  if (text.startsWith('-')) return { op: 'Neg', reads: [text.slice(1)], apply: (a) => -a! };
  const [left, sign, right] = text.split(' ') as [string, string, string];
  const [op, apply] = OPERATORS[sign]!;
  return { op, reads: [left, right], apply: (a, b) => apply(a!, b!) };
}

export function siteOf(model: Model, test_: Case, id: string): PlainSite {
  const values = test_.sites[id]!;
  const outputs = values.map((name) => named(model, name));
  const from = values.map((name) => named(model, beside(test_, values, name)));
  const kept = (k: number) => `${id}.${k}`;
  const delta = (k: number) => `${id}.${k}.delta`;
  const strategy = (name: Name, reads: (k: number) => string[], make: Make): LeafStrategy => ({
    name,
    description: '',
    reads: outputs.flatMap((_, k) => reads(k)),
    writes: {},
    produce: (b) => outputs.map((_, k) => make(b, k)),
  });
  const add = (b: SiteBuilder, opType: string, ...inputs: Value[]) => b.add({ opType, inputs });
  const writes = outputs.flatMap((v, k): [string, (b: SiteBuilder) => Value][] => [
    [kept(k), (b) => b.value(v)],
    [delta(k), (b) => add(b, 'Sub', b.value(v), b.value(from[k]!))],
  ]);
  const list: LeafStrategy[] = [
    { name: 'compute', description: '', reads: [], writes: Object.fromEntries(writes) },
    strategy(
      'reuse',
      (k) => [kept(k)],
      (b, k) => b.state(kept(k)),
    ),
    strategy(
      'zero',
      () => [],
      (b) => add(b, 'Sub', b.value(named(model, 'x')), b.value(named(model, 'x'))),
    ),
    strategy(
      'bypass',
      () => [],
      (b, k) => b.value(from[k]!),
    ),
    strategy(
      'opposite',
      () => [],
      (b, k) => add(b, 'Neg', b.value(outputs[k]!)),
    ),
    strategy(
      'delta',
      (k) => [delta(k)],
      (b, k) => add(b, 'Add', b.value(from[k]!), b.state(delta(k))),
    ),
  ];
  const states = outputs.flatMap((like, k) =>
    [kept(k), delta(k)].map((state) => ({ id: state, like })),
  );
  const strategies = Object.fromEntries(list.map((each) => [each.name, each]));
  return { id, description: '', outputs, states, strategies };
}
type Make = (b: SiteBuilder, k: number) => Value;

export function interpret(
  test_: Case,
  ids: readonly string[],
  rows: Name[][],
  feeds: number[],
): number[][] {
  const { nodes, outputs, sites } = test_;
  const kept = new Map<string, number>();
  return rows.map((row, call) => {
    const values = new Map([['x', feeds[call]!]]);
    const later = new Map<string, number>();
    const computed = (name: string): number => {
      const { reads, apply } = parsed(nodes[name]!);
      return apply(...reads.map(value));
    };
    const value = (name: string): number => {
      const known = values.get(name);
      if (known !== undefined) return known;
      const s = ids.findIndex((id) => sites[id]!.includes(name));
      if (s < 0) {
        values.set(name, computed(name));
        return values.get(name)!;
      }
      const own = sites[ids[s]!]!;
      const from = (other: string) => value(beside(test_, own, other));
      const made: Record<Name, () => number> = {
        compute: () => computed(name),
        reuse: () => kept.get(name)!,
        zero: () => 0,
        bypass: () => from(name),
        opposite: () => -computed(name),
        delta: () => from(name) + kept.get(`${name}.delta`)!,
      };
      values.set(name, made[row[s]!]());
      // a site is computed as a whole once a value of it is needed
      if (row[s] === 'compute')
        for (const other of own) {
          later.set(other, value(other));
          later.set(`${other}.delta`, value(other) - from(other));
        }
      return values.get(name)!;
    };
    const results = outputs.map(value);
    for (const [name, number] of later) kept.set(name, number);
    return results;
  });
}

export const modelFor = ({ nodes, outputs }: Case): Model =>
  modelOf(`g (float[1] x) => (${outputs}) {
    ${Object.entries(nodes)
      .map(([name, text]) => `[${name}] ${name} = ${parsed(text).op} (${parsed(text).reads})`)
      .join('\n')}
  }`);
