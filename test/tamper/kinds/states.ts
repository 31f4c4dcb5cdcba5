/** What is kept from call to call: who writes it, who reads it, and whether it is the right tensor. */
import { change, changes, type Kind } from '../kind.js';
import { node, type OnnxModel, TYPES } from '../onnx-model.js';
import type { Tampered } from '../tampered.js';

const FORMS = ['deepcache split', 'deepcache merged', 'deepcache chain'] as const;
const LONG = ['deepcache of 50 calls', 'deepcache merged of 50 calls'] as const;
const WINDOWS = ['windows split', 'windows merged', 'windows chain'] as const;
const DELTAS = ['delta-cache split', 'delta-cache merged', 'delta-cache chain'] as const;
const INVARIANT = [
  'loop-invariant split',
  'loop-invariant merged',
  'loop-invariant chain',
] as const;

/** The run of a program that writes or reads a state. */
function runWith({ schedule }: Tampered, program: string, state: string) {
  const run = schedule.programs[program]!.runs.find(
    ({ reads = {}, writes = {} }) => state in writes || Object.values(reads).includes(state),
  );
  if (!run) throw new Error(`"${program}" has nothing to do with "${state}"`);
  return run;
}

const dropWrite = (bundle: Tampered, program: string, state: string): void => {
  delete runWith(bundle, program, state).writes![state];
};

/** A program like another one that keeps nothing, for one call. */
function keepNothingAt({ schedule }: Tampered, call: number): void {
  const { runs } = structuredClone(schedule.programs[schedule.calls[call]!]!);
  for (const run of runs) delete run.writes;
  schedule.programs.late = { runs };
  schedule.calls[call] = 'late';
}

/** Exchanges two states in what programs read, in what they write, or in both. */
function exchange(
  { schedule, everyRun }: Tampered,
  [a, b]: readonly [string, string],
  where: readonly ('reads' | 'writes')[] = ['reads'],
  programs?: readonly string[],
): void {
  const other = (state: string) => (state === a ? b : state === b ? a : state);
  const runs = programs?.flatMap((program) => schedule.programs[program]!.runs) ?? everyRun;
  for (const run of runs) {
    if (where.includes('reads'))
      for (const [input, state] of Object.entries(run.reads ?? {}))
        run.reads![input] = other(state);
    if (where.includes('writes') && run.writes)
      run.writes = Object.fromEntries(
        Object.entries(run.writes).map(([state, output]) => [other(state), output]),
      );
  }
}

/** Adds a value of the main graph as an output. */
function give(model: OnnxModel, value: string, name: string): string {
  model.graph.node!.push(node('Identity', [value], name));
  model.graph.output!.push({ name, type: { tensorType: { elemType: TYPES.float } } });
  return name;
}

export const STATES: readonly Kind[] = [
  {
    name: 'what a call writes is dropped',
    changes: [
      ...changes(FORMS, 'by the second full call', (bundle) => keepNothingAt(bundle, 3)),
      ...changes(LONG, 'by call 36 of 50', (bundle) => keepNothingAt(bundle, 36)),
      change('delta-cache of 50 calls', 'by call 40 of 50', (bundle) => keepNothingAt(bundle, 40)),
      change('windows of 24 calls', 'by call 12 of 24', (bundle) => keepNothingAt(bundle, 12)),
      change('windows of 24 calls', 'an output, by call 19 of 24', (bundle) =>
        keepNothingAt(bundle, 19),
      ),
      ...changes(DELTAS, 'by the last full call', (bundle) => keepNothingAt(bundle, 4)),
      ...changes(WINDOWS, 'a residual, by the last full call', (bundle) =>
        dropWrite(bundle, 'full-partial', 'attention.0.residual'),
      ),
      ...changes(WINDOWS.slice(0, 2), 'an output, by the last full call', (bundle) =>
        dropWrite(bundle, 'full-partial', 'attention.1.output'),
      ),
      ...changes(
        ['shared halves split', 'shared halves merged'],
        'a residual, by a call that shares',
        (bundle) => dropWrite(bundle, 'mixed-3', 'attention.0.residual'),
      ),
    ],
  },
  {
    name: 'a call keeps what it should leave alone',
    changes: [
      ...changes(['deepcache split', 'deepcache of 50 calls'], 'a shallow value', (bundle) => {
        const output = give(bundle.of('shallow'), 'e2', 'kept');
        bundle.run('shallow').writes = { 'deep.0': output };
      }),
      change('deepcache merged', 'a shallow value', (bundle) => {
        const output = give(bundle.of('shallow'), 'e2', 'kept');
        bundle.run('shallow').writes = { 'deep.0': output };
      }),
      change('delta-cache split', 'an early call, of the late ones', (bundle) => {
        bundle.schedule.calls[2] = 'full';
        bundle.run('full').writes!['blocks.front'] = 'stepfold.out.blocks.rear';
      }),
    ],
  },
  {
    name: 'a call reads another state',
    changes: [
      ...changes(WINDOWS.slice(0, 2), 'the residual of the other layer', ({ schedule }) => {
        for (const { reads = {} } of schedule.programs['mixed-3']!.runs)
          for (const input of Object.keys(reads)) reads[input] = 'attention.0.residual';
      }),
      ...changes(DELTAS, 'the deviation of other blocks', ({ schedule }) => {
        for (const { reads = {} } of schedule.programs['delta-front']!.runs)
          for (const input of Object.keys(reads)) reads[input] = 'blocks.rear';
      }),
      ...changes(
        ['shared calls split', 'shared calls merged'],
        'that of the other half',
        (bundle) =>
          exchange(
            bundle,
            ['attention.0.output.first', 'attention.0.output.second'],
            ['reads'],
            ['mixed-8'],
          ),
      ),
    ],
  },
  {
    name: 'one call of many reads another state',
    changes: [
      change('windows of 24 calls', 'call 23', ({ schedule }) => {
        const { runs } = structuredClone(schedule.programs[schedule.calls[17]!]!);
        const { reads } = runs[0]!;
        for (const [input, state] of Object.entries(reads!))
          if (state === 'attention.0.output') reads![input] = 'attention.1.output';
        schedule.programs.late = { runs };
        schedule.calls[17] = 'late';
      }),
    ],
  },
  {
    name: 'two states exchanged where they are read',
    changes: [
      ...changes(WINDOWS, 'residuals', (bundle) =>
        exchange(bundle, ['attention.0.residual', 'attention.1.residual']),
      ),
      ...changes(INVARIANT, 'projections of the caption', (bundle) =>
        exchange(bundle, ['invariant.0.state', 'invariant.2.state']),
      ),
      change('loop-invariant in two calls', 'projections for the two halves', (bundle) =>
        exchange(bundle, ['invariant.0.state.first', 'invariant.0.state.second']),
      ),
    ],
  },
  {
    name: 'two states exchanged where they are written',
    changes: [
      ...changes(WINDOWS.slice(0, 2), 'residuals', (bundle) =>
        exchange(bundle, ['attention.0.residual', 'attention.1.residual'], ['writes']),
      ),
      ...changes(INVARIANT, 'projections of the caption', (bundle) =>
        exchange(bundle, ['invariant.1.state', 'invariant.3.state'], ['writes']),
      ),
      change('shared calls split', 'outputs of the two halves', (bundle) =>
        exchange(
          bundle,
          ['attention.0.output.first', 'attention.0.output.second'],
          ['writes'],
          ['mixed-5', 'mixed-6'],
        ),
      ),
    ],
  },
  {
    name: 'one state where there should be two',
    changes: [
      change('shared calls split', 'residuals of the two halves', ({ everyRun }) => {
        for (const { reads = {} } of everyRun)
          for (const [input, state] of Object.entries(reads))
            reads[input] = state.replace(/residual\.second/, 'residual.first');
      }),
      ...changes(INVARIANT, 'projections of two layers', ({ everyRun }) => {
        for (const { reads = {} } of everyRun)
          for (const [input, state] of Object.entries(reads))
            reads[input] = state.replace('invariant.2', 'invariant.0');
      }),
    ],
  },
  {
    name: 'another value is kept',
    changes: [
      ...changes(['deepcache split', 'deepcache of 50 calls'], 'one of its shape', (bundle) => {
        const output = give(bundle.of('full'), 'e2', 'kept');
        bundle.run('full').writes = { 'deep.0': output };
      }),
      change('deepcache chain', 'one of its shape', (bundle) => {
        const run = runWith(bundle, 'full', 'deep.0');
        run.writes = { 'deep.0': give(bundle.model(run.model), 'e2', 'kept') };
      }),
      ...changes(
        ['delta-cache split', 'delta-cache merged'],
        'the output of the call',
        (bundle) => {
          bundle.run('full').writes = { 'blocks.rear': 'eps' };
        },
      ),
      change('windows split', 'the module with its gate', (bundle) => {
        const output = give(bundle.of('full'), 'gated_a1', 'kept');
        bundle.run('full').writes!['attention.1.output'] = output;
      }),
      change('loop-invariant split', 'another projection', (bundle) => {
        bundle.run('full').writes!['invariant.0.state'] = 'stepfold.out.invariant.2.state';
      }),
    ],
  },
  {
    name: 'the output in place of the deviation',
    changes: [
      ...changes(['delta-cache split', 'delta-cache of a range'], 'kept', (bundle) => {
        for (const sub of bundle.of('full').ops('Sub'))
          Object.assign(sub, { opType: 'Identity', input: sub.input!.slice(0, 1) });
      }),
      change('delta-cache merged', 'taken, of early blocks', (bundle) =>
        bundle.of('full').skip('stepfold.blocks.rear', 1),
      ),
    ],
  },
  {
    name: 'a difference the wrong way round',
    changes: [
      ...changes(
        ['delta-cache split', 'delta-cache merged', 'windows split', 'windows merged'],
        'what is kept',
        (bundle) => {
          const [sub] = bundle.of('full').ops('Sub');
          sub!.input = [...sub!.input!].reverse();
        },
      ),
    ],
  },
  {
    name: 'a state that changes while it is kept',
    changes: [
      ...changes(['deepcache split', 'deepcache merged'], 'rounded to half precision', (bundle) =>
        bundle
          .of('shallow')
          .behind('stepfold.in.deep.0', (from, to) => [
            node('Cast', [from], 'half.tampered', { to: TYPES.float16 }),
            node('Cast', ['half.tampered'], to, { to: TYPES.float }),
          ]),
      ),
      change('deepcache chain', 'rounded to half precision', (bundle) => {
        const run = runWith(bundle, 'full', 'deep.0');
        const model = bundle.model(run.model);
        const half = [
          node('Cast', ['r2'], 'half.tampered', { to: TYPES.float16 }),
          node('Cast', ['half.tampered'], 'kept', { to: TYPES.float }),
        ];
        model.graph.node!.push(...half);
        run.writes = { 'deep.0': give(model, 'kept', 'kept.out') };
      }),
      change('delta-cache split', 'zero', (bundle) => {
        const model = bundle.of('delta-front');
        model.behind('stepfold.in.blocks.front', (from, to) => [
          node('Mul', [from, model.scalar(0)], to),
        ]);
      }),
      change('windows split', 'half of a residual', (bundle) => {
        const model = bundle.of('mixed');
        model.behind('stepfold.in.attention.0.residual', (from, to) => [
          node('Mul', [from, model.scalar(0.5)], to),
        ]);
      }),
      change('loop-invariant split', 'one part in ten thousand', (bundle) => {
        const model = bundle.of('reuse');
        model.behind('stepfold.in.invariant.2.state', (from, to) => [
          node('Mul', [from, model.scalar(1.0001)], to),
        ]);
      }),
    ],
  },
];
