/**
 * What the schedule says and no run shows: types, shapes, roles, the plan, cost. Runners and people rely on
 * it, so it has to be true.
 */
import type { Schedule } from '../../../src/runtime/schedule/index.js';
import type { BundleName } from '../bundles.js';
import { type Change, change, changes, type Kind } from '../kind.js';
import type { Writable } from '../tampered.js';

type Edit = (schedule: Writable<Schedule>) => void;

const said = (on: BundleName, what: string, edit: Edit): Change =>
  change(on, what, ({ schedule }) => edit(schedule));

const saidOf = (on: readonly BundleName[], what: string, edit: Edit): Change[] =>
  changes(on, what, ({ schedule }) => edit(schedule));

const FORMS = ['deepcache split', 'deepcache merged', 'deepcache chain'] as const;
const WINDOWS = ['windows merged'] as const;

const input = ({ source }: Writable<Schedule>, name: string) =>
  source.inputs.find((port) => port.name === name)!;

export const STATEMENTS: readonly Kind[] = [
  {
    name: 'the type of an input or output',
    said: true,
    changes: [
      said('deepcache split', 'float32 for int64', (s) => {
        input(s, 't').type = 'float32';
      }),
      said('deepcache merged', 'int32 for int64', (s) => {
        input(s, 'y').type = 'int32';
      }),
      said('windows split', 'float16 for float32', (s) => {
        input(s, 'x').type = 'float16';
      }),
      said('deepcache chain', 'of an output', ({ source }) => {
        source.outputs[1]!.type = 'float64';
      }),
    ],
  },
  {
    name: 'the shape of an input or output',
    said: true,
    changes: [
      said('deepcache split', 'a channel less', (s) => {
        input(s, 'x').shape = ['batch', 3, 8, 8];
      }),
      said('deepcache merged', 'an axis less', (s) => {
        input(s, 'x').shape = ['batch', 4, 8];
      }),
      said('deepcache chain', 'free where it is fixed', (s) => {
        input(s, 'x').shape = ['batch', 4, 'height', 'width'];
      }),
      said('windows merged', 'labels of a batch of their own', (s) => {
        input(s, 'y').shape = ['labels'];
      }),
      said('windows split', 'the batch fixed', (s) => {
        for (const port of s.source.inputs) port.shape[0] = 2;
      }),
      said('delta-cache split', 'of an output', ({ source }) => {
        source.outputs[0]!.shape = ['batch', 8, 6];
      }),
      said('loop-invariant split', 'a fixed number of words', (s) => {
        input(s, 'caption').shape = ['batch', 77, 3];
      }),
    ],
  },
  {
    name: 'which inputs and outputs there are',
    said: true,
    changes: [
      said('deepcache split', 'an input renamed', (s) => {
        input(s, 'x').name = 'sample';
        s.source.roles!.latent = 'sample';
      }),
      said('windows split', 'an input left out', ({ source }) => {
        source.inputs = source.inputs.filter(({ name }) => name !== 'y');
      }),
      said('deepcache merged', 'an input that is none', ({ source }) => {
        source.inputs.push({ name: 'guidance', type: 'float32', shape: ['batch'] });
      }),
      said('deepcache split', 'inputs in another order', ({ source }) => {
        source.inputs.reverse();
      }),
      said('deepcache split', 'an output left out', ({ source }) => {
        source.outputs.pop();
      }),
      said('deepcache chain', 'outputs in another order', ({ source }) => {
        source.outputs.reverse();
      }),
      said('windows merged', 'a state as an output', ({ source, states }) => {
        const { type, shape } = states['attention.0.output']!;
        source.outputs.push({ name: 'stepfold.out.attention.0.output', type, shape });
      }),
    ],
  },
  {
    name: 'roles',
    said: true,
    changes: [
      said('deepcache split', 'the timestep is the label', ({ source }) => {
        source.roles!.timestep = 'y';
      }),
      said('windows merged', 'latent and timestep exchanged', ({ source }) => {
        Object.assign(source.roles!, { latent: 't', timestep: 'x' });
      }),
      said('loop-invariant split', 'the latent is the caption', ({ source }) => {
        source.roles!.latent = 'caption';
      }),
      said('deepcache merged', 'the prediction is no output', ({ source }) => {
        source.roles!.prediction = 'noise';
      }),
      said('deepcache chain', 'the timestep is no input', ({ source }) => {
        source.roles!.timestep = 'sigma';
      }),
    ],
  },
  {
    name: 'types and shapes of states',
    said: true,
    changes: [
      ...saidOf(FORMS, 'float16 for float32', ({ states }) => {
        states['deep.0']!.type = 'float16';
      }),
      ...saidOf(FORMS, 'another size', ({ states }) => {
        states['deep.0']!.shape = ['batch', 4, 8, 8];
      }),
      ...saidOf(WINDOWS, 'two axes exchanged', ({ states }) => {
        states['attention.0.residual']!.shape = ['batch', 12, 2, 4];
      }),
      said('windows split', 'the batch fixed', ({ states }) => {
        states['attention.1.output']!.shape[0] = 1;
      }),
      said('loop-invariant merged', 'words where channels are', ({ states }) => {
        states['invariant.1.state']!.shape = ['batch', 'words', 8];
      }),
      said('delta-cache split', 'a symbol of its own', ({ states }) => {
        states['blocks.front']!.shape[0] = 'rows';
      }),
    ],
  },
  {
    name: 'a state that is read, said to be of no use',
    said: true,
    changes: [
      ...saidOf(['deepcache merged', 'windows merged'], 'at every call', ({ programs }) => {
        for (const { runs } of Object.values(programs))
          for (const run of runs) {
            run.unused = { ...run.unused, ...run.reads };
            delete run.reads;
          }
      }),
    ],
  },
  {
    name: 'how guidance is done',
    said: true,
    changes: [
      ...saidOf(
        ['shared halves split', 'shared halves merged'],
        'the other half first',
        ({ source }) => {
          source.guidance!.order = 'uncond-first';
        },
      ),
      said('shared halves split', 'two calls in place of one batch', ({ source }) => {
        source.guidance!.mode = 'two-calls';
      }),
      said('shared calls split', 'one batch in place of two calls', ({ source }) => {
        source.guidance!.mode = 'batch';
      }),
      said('shared halves merged', 'not at all', ({ source }) => {
        delete source.guidance;
      }),
      said(
        'shared halves merged',
        'with no pairs where one half stands for both',
        ({ programs }) => {
          programs.mixed!.pairs = false;
        },
      ),
      said('shared calls merged', 'not at all', ({ source }) => {
        delete source.guidance;
      }),
    ],
  },
  {
    name: 'the plan: a strategy of a call',
    said: true,
    changes: [
      ...saidOf(FORMS, 'compute for reuse', ({ sites }) => {
        sites!.deep!.strategies[4] = 'compute';
      }),
      ...saidOf(
        ['deepcache of 50 calls', 'deepcache merged of 50 calls'],
        'reuse for compute, late',
        ({ sites }) => {
          sites!.deep!.strategies[48] = 'reuse';
        },
      ),
      said('deepcache with zeros', 'reuse for zeros', ({ sites }) => {
        sites!.deep!.strategies = ['compute', 'reuse', 'compute', 'reuse'];
      }),
      ...saidOf(WINDOWS, 'a window without its residual', ({ sites }) => {
        sites!['attention.0']!.strategies[3] = 'window-only';
      }),
      said('delta-cache of 50 calls', 'front for rear blocks', ({ sites }) => {
        sites!.blocks!.strategies[11] = 'delta-front';
      }),
      said('windows split', 'one that nobody knows', ({ sites }) => {
        sites!['attention.0']!.strategies[3] = 'extrapolate';
      }),
      said('attention and captions', 'the caption computed again', ({ sites }) => {
        sites!.invariant!.strategies[3] = 'compute';
      }),
    ],
  },
  {
    name: 'the plan: rows and sites',
    said: true,
    changes: [
      ...saidOf(['windows split', 'windows merged'], 'two rows exchanged', ({ sites }) => {
        const [a, b] = [sites!['attention.0']!, sites!['attention.1']!];
        [a.strategies, b.strategies] = [b.strategies, a.strategies];
      }),
      said('deepcache split', 'a call too few', ({ sites }) => {
        sites!.deep!.strategies.pop();
      }),
      said('windows merged', 'a site left out', ({ sites }) => {
        delete sites!['attention.1'];
      }),
      said('deepcache of an attended U-Net', 'the outer site left out', ({ sites }) => {
        delete sites!.deep;
      }),
      said('windows split', 'a site that no program knows of', ({ sites, calls }) => {
        const strategies = calls.map((_, call) => (call === 0 ? 'compute' : 'reuse'));
        sites!.more = { values: ['condition'], strategies };
      }),
      ...saidOf(['deepcache split', 'depth-skip'], 'left out', (schedule) => {
        delete schedule.sites;
      }),
      said('deepcache merged', 'no sites', (schedule) => {
        schedule.sites = {};
      }),
      said('delta-cache split', 'a site that computes everywhere', ({ sites }) => {
        sites!.blocks!.strategies = sites!.blocks!.strategies.map(() => 'compute');
      }),
    ],
  },
  {
    name: 'the plan: the values of a site',
    said: true,
    changes: [
      said('deepcache of 50 calls', 'one further out', ({ sites }) => {
        sites!.deep!.values = ['r1'];
      }),
      said('deepcache split', 'one that is not there', ({ sites }) => {
        sites!.deep!.values = ['gone'];
      }),
      said('windows merged', 'behind the gate', ({ sites }) => {
        sites!['attention.1']!.values = ['gated_a1'];
      }),
      said('loop-invariant split', 'one too few', ({ sites }) => {
        sites!.invariant!.values!.pop();
      }),
      said('depth-skip', 'the skip', ({ sites }) => {
        sites!.depth!.values = ['e2'];
      }),
    ],
  },
  {
    name: 'the plan: windows',
    said: true,
    changes: [
      ...saidOf(WINDOWS, 'a token wider', ({ sites }) => {
        sites!['attention.1']!.attention!.window = { tokens: 3 };
      }),
      ...saidOf(['windows split', 'windows of long sequences'], 'a token narrower', ({ sites }) => {
        const { window } = sites!['attention.0']!.attention!;
        window.tokens! -= 1;
      }),
      said('windows of a fraction', 'a quarter', ({ sites }) => {
        sites!['attention.0']!.attention!.window = { fraction: 0.25 };
      }),
      said('windows split', 'scores before their scale', ({ sites }) => {
        sites!['attention.0']!.attention!.scores = 'k0';
      }),
      said('windows merged', 'the product of another layer', ({ sites }) => {
        sites!['attention.0']!.attention!.mixed = 'mixed1';
      }),
    ],
  },
  {
    name: 'the plan: ranges of blocks',
    said: true,
    changes: [
      ...saidOf(['delta-cache split', 'delta-cache merged'], 'begins a block late', ({ sites }) => {
        Object.assign(sites!.blocks!.ranges!['delta-front']!, { from: 'h1' });
      }),
      said('delta-cache chain', 'ends a block early', ({ sites }) => {
        Object.assign(sites!.blocks!.ranges!['delta-rear']!, { to: 'h3' });
      }),
      said('delta-cache of a range', 'ends in the middle of a block', ({ sites }) => {
        Object.assign(sites!.blocks!.ranges!.delta!, { to: 'm2' });
      }),
      said('delta-cache split', 'keeps outputs', ({ sites }) => {
        for (const range of Object.values(sites!.blocks!.ranges!))
          Object.assign(range, { keeps: 'output' });
      }),
      said('delta-cache of outputs', 'keeps deviations', ({ sites }) => {
        for (const range of Object.values(sites!.blocks!.ranges!))
          Object.assign(range, { keeps: 'deviation' });
      }),
      said('delta-cache on two streams', 'one stream alone', ({ sites }) => {
        const { ranges } = sites!.blocks!;
        ranges!['delta-front'] = [ranges!['delta-front']!].flat()[0]!;
      }),
      said('delta-cache in two calls', 'of the other end', ({ sites }) => {
        const ranges = sites!.blocks!.ranges!;
        [ranges['delta-front'], ranges['delta-rear']] = [
          ranges['delta-rear']!,
          ranges['delta-front']!,
        ];
      }),
    ],
  },
  {
    name: 'the plan: what a kept value depends on',
    said: true,
    changes: [
      ...saidOf(['loop-invariant split', 'loop-invariant merged'], 'less', ({ sites }) => {
        sites!.invariant!.invariant = ['y'];
      }),
      said('loop-invariant chain', 'the latent as well', ({ sites }) => {
        sites!.invariant!.invariant!.push('x');
      }),
      said('attention and captions', 'the timestep as well', ({ sites }) => {
        sites!.invariant!.invariant!.push('t');
      }),
    ],
  },
  {
    name: 'timesteps',
    said: true,
    changes: [
      said('deepcache on timesteps', 'one too few', ({ timesteps }) => {
        timesteps!.pop();
      }),
      said('deepcache on timesteps', 'two exchanged', ({ timesteps }) => {
        timesteps!.splice(1, 2, timesteps![2]!, timesteps![1]!);
      }),
      said('deepcache on timesteps', 'one twice', ({ timesteps }) => {
        timesteps![2] = timesteps![1]!;
      }),
      said('deepcache on timesteps', 'one below zero', ({ timesteps }) => {
        timesteps![3] = -1;
      }),
      said('shared calls split', 'one for each call', (schedule) => {
        schedule.timesteps = schedule.calls.map((_, call) => 900 - 50 * call);
      }),
    ],
  },
  {
    name: 'cost',
    said: true,
    changes: [
      ...saidOf(FORMS, 'of a program', ({ cost }) => {
        cost!.macs!.convention.all.programs.shallow! -= 1;
      }),
      said('deepcache split', 'of the source', ({ cost }) => {
        cost!.macs!.convention.layers.source *= 2;
      }),
      said('windows split', 'of a call, on average', ({ cost }) => {
        cost!.macs!.convention.all.perCall *= 0.9;
      }),
      said('windows merged', 'conventions exchanged', ({ cost }) => {
        const { convention } = cost!.macs!;
        [convention.all, convention.layers] = [convention.layers, convention.all];
      }),
      said('delta-cache split', 'two programs exchanged', ({ cost }) => {
        const { programs } = cost!.macs!.convention.all;
        [programs.full, programs['delta-front']] = [programs['delta-front']!, programs.full!];
      }),
      said('deepcache merged', 'the sizes that it is counted for', ({ cost }) => {
        cost!.macs!.bindings!.batch! *= 2;
      }),
      said('deepcache chain', 'bytes of states', ({ cost }) => {
        cost!.stateBytes! += 4;
      }),
      said('windows merged', 'of sites', ({ cost }) => {
        cost!.sites!.planned *= 0.5;
      }),
      said('delta-cache merged', 'a program without', ({ cost }) => {
        delete cost!.macs!.convention.all.programs['full-2'];
      }),
    ],
  },
  {
    name: 'the form',
    said: true,
    changes: [
      said('deepcache split', 'merged', (schedule) => {
        schedule.emit = 'merged';
      }),
      said('deepcache merged', 'split', (schedule) => {
        schedule.emit = 'split';
      }),
      said('deepcache chain', 'split', (schedule) => {
        schedule.emit = 'split';
      }),
    ],
  },
];
