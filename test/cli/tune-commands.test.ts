/** The command lines beside what a search tried say all that was said to it of the model and its loop. */
import { expect, test } from 'vitest';
import { commandsOf } from '../../src/cli/actions/tune/commands.js';
import type { TuneArguments } from '../../src/cli/commands/tune.js';
import type { Setting } from '../../src/evidence/tune/index.js';

const args = {
  model: 'step.onnx',
  ...{ guidance: 'cond-first', guidanceMode: 'two-calls', guidanceScale: 4 },
  ...{ guidanceInterval: '0.1-0.8', guidanceRescale: 0.7, unconditional: ['y=null.npy'] },
  ...{ feed: ['steps=8', 'y=y.npy'], latent: 'x', timestep: 'step' },
  ...{ shape: ['x=1x4x8'], freeze: ['batch=1'] },
} as unknown as TuneArguments;

const sampler = {
  name: 'ddim',
  steps: 8,
  ...{ prediction: 'sample', timestepScale: 'sigma', levels: 'karras' },
  schedule: { path: 'variance-exploding', sigmaMax: 50 },
} as const;

const SAID =
  '--prediction sample --timestep-scale sigma --levels karras --path variance-exploding --sigma-max 50';
const LOOP = `--sampler ddim --steps 8 ${SAID}`;
const PAIR = '--guidance cond-first --guidance-mode two-calls';
const BESIDE = `${PAIR} --guidance-scale 4 --guidance-interval 0.1-0.8 --guidance-rescale 0.7 --unconditional y=null.npy --feed steps=8 --feed y=y.npy --latent x --timestep step -o out`;
const RUN = `${LOOP} ${BESIDE}`;

test('of fewer steps', () => {
  const setting: Setting = { family: '', passes: [], sampler };
  expect(commandsOf(args, setting)).toEqual([`stepfold run step.onnx ${RUN}`]);
});

test('of a method', () => {
  const passes = [{ pass: 'forecast', options: { 'full-calls': 4 } }];
  expect(commandsOf(args, { family: '', passes, sampler })).toEqual([
    `stepfold transform step.onnx --pass forecast:full-calls=4 --calls 16 --sampler ddim ${SAID} ${PAIR} --shape x=1x4x8 --freeze batch=1 --latent x --timestep step -o bundle`,
    // of the sampler the bundle says all
    `stepfold run bundle ${BESIDE}`,
  ]);
});

test('say nothing of what was not said', () => {
  const plain = { model: 'a.onnx' } as unknown as TuneArguments;
  const setting: Setting = { family: '', passes: [], sampler: { name: 'ddim', steps: 8 } };
  expect(commandsOf(plain, setting)).toEqual([
    'stepfold run a.onnx --sampler ddim --steps 8 -o out',
  ]);
});
