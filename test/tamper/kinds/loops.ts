/** What a schedule says of loops that it is not written out for: no run of its own calls shows it. */
import type { Schedule } from '../../../src/runtime/schedule/index.js';
import type { BundleName } from '../bundles.js';
import { type Change, change, changes, type Kind } from '../kind.js';
import { node } from '../onnx-model.js';
import type { Writable } from '../tampered.js';

type Loop = Required<NonNullable<Writable<Schedule>['loop']>>;

const said = (on: BundleName, what: string, edit: (loop: Loop) => void): Change =>
  change(on, what, ({ schedule }) => edit(schedule.loop as Loop));

const saidOf = (on: readonly BundleName[], what: string, edit: (loop: Loop) => void): Change[] =>
  changes(on, what, ({ schedule }) => edit(schedule.loop as Loop));

const rowOf = ({ rows }: Loop, ...choices: number[]) =>
  rows.find((row) => row.choices.join() === choices.join())!;

/** The written loop is of one call, or too short to leave the front out. */
const SHORT = ['deepcache of one call', 'delta-cache of a short loop'] as const;

export const LOOPS: readonly Kind[] = [
  {
    name: 'the rule of other loops',
    said: true,
    changes: [
      ...saidOf(
        ['deepcache by a rule', 'delta-cache of a short loop'],
        'choices exchanged',
        (loop) => {
          loop.rules[0]!.choices.reverse();
        },
      ),
      said('deepcache by a rule', 'another interval', (loop) => {
        Object.assign(loop.rules[0]!.when, { interval: 4 });
      }),
      said('windows placed', 'another plan to be placed', (loop) => {
        const { when } = loop.rules[0]!;
        if (when.kind === 'placed') when.base.reverse();
      }),
      said('windows placed', 'a choice that stands for a more exact one', (loop) => {
        const { when } = loop.rules[0]!;
        if (when.kind !== 'placed') return;
        const all = [...when.covers.keys()];
        when.covers[when.order[0]!] = all;
      }),
      said('deepcache of one call', 'choice 0 takes what was kept', (loop) => {
        loop.rules[0]!.choices[0] = loop.rules[0]!.choices[1]!;
      }),
    ],
  },
  {
    name: 'the programs of a row',
    said: true,
    changes: [
      said('deepcache of one call', 'what keeps nothing alone', (loop) => {
        const { programs } = rowOf(loop, 0);
        programs[0] = programs[0]!.slice(0, 1);
      }),
      said('deepcache of one call', 'a full program where the part is reused', (loop) => {
        rowOf(loop, 1).programs[0] = rowOf(loop, 0).programs[0]!.slice(-1);
      }),
      said('deepcache by a rule', 'rows exchange their programs', ({ rows }) => {
        [rows[0]!.programs, rows[1]!.programs] = [rows[1]!.programs, rows[0]!.programs];
      }),
      said('delta-cache of a short loop', 'the rear is left out for the front', (loop) => {
        rowOf(loop, 1).programs = rowOf(loop, 2).programs;
      }),
    ],
  },
  {
    name: 'a model that only other loops run',
    said: true,
    changes: changes(SHORT, 'a node more', (bundle) => {
      const { rows } = bundle.schedule.loop as Loop;
      const own = new Set(bundle.schedule.calls);
      const name = rows
        .flatMap(({ programs }) => programs.flat())
        .find((id) => !own.has(id) && !id.startsWith('full'))!;
      bundle.of(name).behind('eps', (from, to) => [node('Tanh', [from], to)]);
    }),
  },
];
