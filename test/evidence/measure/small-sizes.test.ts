/** At which size of picture `verify` proves a bundle: a small one, but where somebody chose it or the model takes no such one. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline, type PipelineOptions } from '../../../src/compiler/pipeline/index.js';
import { smallPicture } from '../../../src/evidence/measure/small-sizes.js';
import { loadModel, saveModel } from '../../../src/model/onnx/files.js';
import { verifyBundle } from '../../../src/node.js';
import type { Schedule } from '../../../src/runtime/schedule/index.js';
import { scratchFolder } from '../../cli/stepfold.js';
import { modelOf } from '../../helpers/text.js';
import { TINY_UNET } from '../../helpers/unets.js';

const folder = scratchFolder('small-sizes');

let made = 0;
/** The sizes at which it proves what is made of a graph. */
async function sizesFor(
  text: string,
  options: Partial<PipelineOptions> = {},
  shapes?: Record<string, number[]>,
): Promise<object> {
  const model = path.join(folder, `${made}.onnx`);
  const bundle = path.join(folder, `${made++}`);
  saveModel(modelOf(text), model);
  const pipeline = Pipeline.create({ calls: 4, ...options });
  const compilation = await pipeline
    .use(deepcache, { branch: 2, interval: 2 })
    .compile(loadModel(model));
  writeBundle(compilation, bundle, { sourceFile: model });
  const report = await verifyBundle({
    ...{ folder: bundle, model, levels: ['disabled'] },
    ...(shapes && { shapes }),
  });
  expect(report).toMatchObject({ passed: true });
  return report.sizes;
}

test('a small picture where nobody says', async () => {
  expect(await sizesFor(TINY_UNET)).toEqual({ batch: 2, height: 16, width: 16 });
});

test('the one that the figures of the bundle were asked for', async () => {
  const sizes = { height: 40, width: 24 };
  expect(await sizesFor(TINY_UNET, { sizes })).toEqual({ batch: 2, ...sizes });
});

test('the one that is asked for', async () => {
  const shapes = { x: [2, 2, 64, 64] };
  expect(await sizesFor(TINY_UNET, {}, shapes)).toEqual({ batch: 2, height: 64, width: 64 });
});

test('the usual one of a model that takes no small ones', async () => {
  const rows = TINY_UNET.replace(
    '[encode1]',
    `row = Constant <value_int = 40> ()
     line = Gather <axis = 2> (x, row)
     zero = Sub (line, line)
     column = Constant <value_ints = [2]> ()
     band = Unsqueeze (zero, column)
     x0 = Add (x, band)
     [encode1]`,
  ).replace('Conv (x, w1)', 'Conv (x0, w1)');
  expect(await sizesFor(rows)).toEqual({ batch: 2, height: 64, width: 64 });
});

test.each([
  ['channels first', ['n', 4, 'f', 'h', 'w'], { n: 2, f: 64, h: 64, w: 64 }],
  ['frames first', ['n', 'f', 4, 'h', 'w'], { n: 2, f: 77, h: 64, w: 64 }],
])('a clip is of four small frames, %s', (_, shape, usual) => {
  const schedule = {
    source: { inputs: [{ name: 'x', type: 'float32', shape }], roles: { latent: 'x' } },
  } as unknown as Schedule;
  const small = smallPicture(schedule, new Map(Object.entries(usual)));
  expect(Object.fromEntries(small!)).toEqual({ n: 2, f: 4, h: 16, w: 16 });
});

test('packed tokens are no frames', () => {
  const schedule = {
    source: {
      inputs: [{ name: 'x', type: 'float32', shape: ['n', 'tokens', 64] }],
      roles: { latent: 'x' },
    },
  } as unknown as Schedule;
  const usual = new Map(Object.entries({ n: 2, tokens: 77 }));
  expect(smallPicture(schedule, usual)).toBeUndefined();
});

test('sizes that follow from it go with it, and a window of so many tokens keeps it', () => {
  const schedule = {
    source: {
      inputs: [
        { name: 'x', type: 'float32', shape: ['n', 4, 'h', 'w'] },
        { name: 'hint', type: 'float32', shape: ['n', 3, 'h8', 8] },
      ],
      roles: { latent: 'x' },
      follows: { h8: '8*h' },
    },
  } as unknown as Schedule;
  const usual = new Map(Object.entries({ n: 2, h: 64, w: 48, h8: 512 }));
  expect(Object.fromEntries(smallPicture(schedule, usual)!)).toEqual({
    n: 2,
    h: 16,
    w: 48,
    h8: 128,
  });
  const site = (window: object) => ({
    ...schedule,
    sites: { one: { attention: { mixed: 'mix', window } } },
  });
  expect(smallPicture(site({ fraction: 0.125 }) as never, usual)).toBeDefined();
  expect(smallPicture(site({ tokens: 20 }) as never, usual)).toBeUndefined();
});
