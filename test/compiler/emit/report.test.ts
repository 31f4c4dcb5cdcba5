/** What report.json says that sites cost, held against what the emitted programs cost. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { parsePassRequest, passes } from '../../../passes/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { bundleFiles } from '../../../src/index.js';
import { blobFile } from '../../../src/model/files/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { modelOf } from '../../helpers/text.js';

const UNET = path.resolve('samples/digits/digits-unet.onnx');
const DIT = path.resolve('samples/dit-digits/dit-digits.onnx');

test.each([
  ['DeepCache', UNET, 'deepcache:branch=3,interval=2'],
  ['Δ-DiT, runs side by side', DIT, 'delta-cache:blocks=3,interval=2,boundary=3'],
  ['Δ-DiT, runs that overlap', DIT, 'delta-cache:blocks=4,interval=2,boundary=3'],
  ['Δ-DiT, blocks between the runs', DIT, 'delta-cache:blocks=2,interval=2,boundary=3'],
  ['Δ-DiT in a U-Net', UNET, 'delta-cache:blocks=1,interval=2,stage=1'],
])('%s: a program costs the source less what its site leaves out', async (_, file, request) => {
  const { pass, options } = parsePassRequest(request);
  const compilation = await Pipeline.create({ calls: 6, emit: 'split' })
    .use(passes[pass]!, options as never)
    .compile(loadModel(file));
  const { schedule, report } = await bundleFiles(compilation, { source: blobFile(new Blob()) });
  const { source, programs } = schedule.cost!.macs!.convention.all;
  const [site] = report.sites;
  const [column] = Object.values(schedule.sites!);
  const seen = new Set<string>();
  for (const [call, program] of schedule.calls.entries()) {
    const strategy = column!.strategies[call]!;
    seen.add(strategy);
    const macs = source - site!.macs.compute! + site!.macs[strategy]!;
    expect({ strategy, macs: programs[program] }).toEqual({ strategy, macs });
  }
  expect(Object.keys(site!.macs).sort()).toEqual([...seen].sort());
});

test('nodes that no figure counts are named', async () => {
  const model = modelOf(`g (float[batch, 2, 8] x) => (float[batch, 2, 8] y)
  <float[2, 2, 1] w = {1, 2, 3, 4}> {
    [known] a = Conv (x, w)
    b = own.Twist (a)
    [unknown] c = Conv (b, w)
    y = own.Twist (c)
  }`);
  const compilation = await Pipeline.create({ calls: 1 }).compile(model);
  const { report } = await bundleFiles(compilation, { source: blobFile(new Blob()) });
  expect(report.unknownMacs).toEqual(['unknown']);
});
