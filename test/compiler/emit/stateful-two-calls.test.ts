/**
 * States of each half of a guidance pair in a model that holds its plan: a call of one half computes what the other keeps as
 * its own, and must hand the other's state on all the same.
 */
import { expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { inForm } from '../../../src/compiler/emit/form.js';
import type { EmitForm } from '../../../src/compiler/lower/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { EXACT, encodeLowered, openSession, ort } from '../../helpers/compile.js';
import { FedBack } from '../../helpers/fed-back.js';

const FILE = 'samples/digits/digits-unet.onnx';
const CALLS = 10;

const compile = (emit: EmitForm) =>
  Pipeline.create({ calls: CALLS, emit, guidance: { order: 'uncond-first', mode: 'two-calls' } })
    .use(deepcache, { branch: 3, interval: 3 })
    .compile(loadModel(FILE));

const feedsOf = (call: number) => ({
  sample: new ort.Tensor(
    'float32',
    Float32Array.from({ length: 256 }, (_, i) => Math.sin((i + 1) * (1.3 + 0.7 * call))),
    [1, 1, 16, 16],
  ),
  timestep: new ort.Tensor('int64', [BigInt(900 - 100 * Math.floor(call / 2))], [1]),
  class_labels: new ort.Tensor('int64', [call % 2 === 0 ? 10n : 3n], [1]),
});

test('each half has its own, fed back as by a schedule', async () => {
  const session = await openSession(await compile('split'));
  const stateful = inForm(await compile('stateful'));
  const fedBack = await FedBack.open(encodeLowered(stateful).get('stateful.onnx')!, EXACT);
  // two images, the second behind the first
  for (let image = 0; image < 2; image++) {
    session.reset();
    for (let call = 0; call < CALLS; call++) {
      const { out_sample: wanted } = await session.run(feedsOf(call) as never);
      const { out_sample: found } = await fedBack.run(feedsOf(call));
      expect(found!.data, `call ${call} of image ${image}`).toEqual(wanted!.data);
    }
  }
  await session.release();
  await fedBack.release();
});
