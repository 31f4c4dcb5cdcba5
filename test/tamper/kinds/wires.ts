/** The chain: which segments run, in which order, and what they hand on. */
import { change, changes, type Kind } from '../kind.js';
import { node, TYPES } from '../onnx-model.js';
import type { Tampered } from '../tampered.js';

type Run = ReturnType<Tampered['run']>;

/** The runs of a model in any program. */
const runsOf = ({ everyRun }: Tampered, model: string): Run[] =>
  everyRun.filter((run) => run.model === model);

/** What two inputs of a run take, exchanged. */
function exchangeTakes(run: Run, a: string, b: string): void {
  [run.takes![a], run.takes![b]] = [run.takes![b]!, run.takes![a]!];
}

export const WIRES: readonly Kind[] = [
  {
    name: 'segments run in another order',
    changes: [
      ...['full', 'full-2'].map((program) =>
        change('delta-cache chain', `of "${program}", wires laid anew`, (bundle) => {
          const [, first, second] = bundle.schedule.programs[program]!.runs;
          Object.assign(first!, {
            model: 'part-2',
            takes: { condition: 'condition', h2: 'h0' },
            gives: { h2: 'h4' },
          });
          Object.assign(second!, {
            model: 'part-1',
            takes: { condition: 'condition', h0: 'h2' },
            gives: { h4: 'h2' },
          });
        }),
      ),
    ],
  },
  {
    name: 'a segment runs twice, or not at all',
    changes: [
      change('delta-cache chain', 'twice', ({ schedule }) => {
        const { runs } = schedule.programs['delta-front']!;
        const at = runs.findIndex(({ model }) => model === 'part-2');
        const run = structuredClone(runs[at]!);
        run.gives = { again: 'h4' };
        run.takes = { condition: 'condition', h2: 'h4' };
        runs.splice(at + 1, 0, run);
        runs[at + 2]!.takes = { h4: 'again' };
      }),
      change('delta-cache chain', 'left out', ({ schedule }) => {
        const { runs } = schedule.programs['delta-rear']!;
        const at = runs.findIndex(({ model }) => model === 'part-1');
        const [from] = ['h0'];
        runs.splice(at, 1);
        for (const run of runs)
          for (const [input, wire] of Object.entries(run.takes ?? {}))
            if (wire === 'h2') run.takes![input] = from;
      }),
    ],
  },
  {
    name: 'another segment of the same surface',
    changes: [
      change('windows chain', 'computes in place of a window', (bundle) => {
        const run = bundle.schedule.programs['mixed-2']!.runs.find(
          ({ model }) => model === 'attention.1.core-window',
        )!;
        delete run.reads;
        run.model = 'attention.0.core-2';
        run.gives = { 'stepfold.attention.1.window': 'mixed1' };
      }),
      change('windows chain', 'a window in place of computing', (bundle) => {
        const { runs } = bundle.schedule.programs['full-partial']!;
        const run = runs.find(({ model }) => model === 'attention.0.core-2')!;
        run.model = 'attention.1.core-window';
        run.reads = { 'stepfold.in.attention.1.residual': 'attention.1.residual' };
        run.gives = { mixed1: 'stepfold.attention.1.window' };
      }),
    ],
  },
  {
    name: 'wires exchanged',
    changes: [
      change('loop-invariant chain', 'shift and gate, taken', (bundle) => {
        for (const run of runsOf(bundle, 'shared-2')) exchangeTakes(run, 'shift_a1', 'gate_a1');
      }),
      change('loop-invariant chain', 'values of two layers, given', (bundle) => {
        for (const { gives } of runsOf(bundle, 'invariant.0'))
          Object.assign(gives!, { cv0: 'cv1', cv1: 'cv0' });
      }),
      change('windows chain', 'shift and scale, of one program', ({ schedule }) => {
        const run = schedule.programs['mixed-stateless']!.runs.find(
          ({ model }) => model === 'attention.0.output-1',
        )!;
        exchangeTakes(run, 'shift_a0', 'scale_a0');
      }),
      ...changes(['windows chain'], 'queries and values', (bundle) => {
        for (const run of runsOf(bundle, 'attention.1.core-window'))
          exchangeTakes(run, 'q1_heads', 'v1_heads');
      }),
      change('deepcache chain', 'the deep value and its skip', (bundle) => {
        for (const run of runsOf(bundle, 'shared-2'))
          if (run.takes!.r2) exchangeTakes(run, 'r2', 'e2');
      }),
    ],
  },
  {
    name: 'a wire of an earlier segment',
    changes: [
      change('delta-cache chain', 'the deviation of more blocks', (bundle) => {
        for (const run of runsOf(bundle, 'part-4')) run.takes!.h2 = 'h0';
      }),
      change('windows chain', 'the stream before the first layer', (bundle) => {
        for (const run of runsOf(bundle, 'shared-3')) run.takes!.h1 = 'h0';
      }),
      change('shared halves chain', 'the stream before the first layer, late', ({ schedule }) => {
        const run = schedule.programs['mixed-5']!.runs.find(({ takes = {} }) => takes.h1)!;
        run.takes!.h1 = 'h0';
      }),
    ],
  },
  {
    name: 'a prediction that an earlier segment gives',
    changes: [
      change('windows chain', 'which the first one that gives it wins', (bundle) => {
        const { graph } = bundle.model('shared-2');
        graph.node!.push(node('Neg', ['h1'], 'eps'));
        graph.output!.push({ name: 'eps', type: { tensorType: { elemType: TYPES.float } } });
      }),
      change('delta-cache chain', 'by a segment of deviations', (bundle) => {
        const { graph } = bundle.model('blocks.front-delta');
        graph.node!.push(node('Identity', ['h0'], 'eps'));
        graph.output!.push({ name: 'eps', type: { tensorType: { elemType: TYPES.float } } });
      }),
    ],
  },
];
