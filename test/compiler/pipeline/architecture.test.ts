/**
 * A published architecture with made-up weights, as a bundle on disk: the CIFAR-10 U-Net of DDPM at
 * 16x16. The reference is the exported file itself, edited by onnx-proto.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { fillWeights } from '../../../src/evidence/fill/fill.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { openBundle } from '../../../src/runtime/node/index.js';
import { EMITS, EXACT, ort } from '../../helpers/compile.js';
import { Reference, relativeDifference, sameBits, type Tensors } from '../../helpers/injectable.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-cifar-'));
const source = path.join(root, 'filled', 'ddpm-cifar10.onnx');
const OPTIMIZED = { graphOptimizationLevel: 'all', logSeverityLevel: 4 } as const;

function feedsFor(call: number, batch: number): Tensors {
  const data = Float32Array.from({ length: batch * 3 * 256 }, (_, i) =>
    Math.sin((i + 1) * (0.37 + 0.11 * call)),
  );
  return {
    x: new ort.Tensor('float32', data, [batch, 3, 16, 16]),
    t: new ort.Tensor('int64', new BigInt64Array(batch).fill(BigInt(900 - 100 * call)), [batch]),
  };
}

describe('DDPM for CIFAR-10', () => {
  /** What every emit form must give: a full call, then a shallow one with another input. */
  let expected: ort.Tensor[];
  let value: string;

  beforeAll(async () => {
    fillWeights({
      model: 'samples/architectures/ddpm-cifar10.onnx',
      folder: path.dirname(source),
      seed: 3,
    });
    const { plan } = await Pipeline.create({ calls: 2 })
      .use(deepcache, { branch: 3, interval: 2 })
      .compile(loadModel(source));
    value = plan.sites[0]!.outputs[0]!.name;
    const place = (bytes: Uint8Array, role: string) => {
      const file = path.join(path.dirname(source), `${role}.onnx`);
      fs.writeFileSync(file, bytes);
      return file;
    };
    const reference = await Reference.create(fs.readFileSync(source), value, ['eps'], place, EXACT);
    const full = await reference.full(feedsFor(0, 3));
    const shallow = await reference.shallow(feedsFor(1, 3), full.inner);
    expected = [full.outputs.eps!, shallow.eps!];
    await reference.release();
  });
  afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

  test('made-up weights give numbers that differ from call to call', () => {
    expect((expected[0]!.data as Float32Array).every(Number.isFinite)).toBe(true);
    expect(relativeDifference(expected[1]!, expected[0]!)).toBeGreaterThan(1e-2);
  });

  test.each(EMITS)('%s', async (emit) => {
    const folder = path.join(root, emit);
    const compilation = await Pipeline.create({ calls: 2, emit })
      .use(deepcache, { branch: 3, interval: 2 })
      .compile(loadModel(source));
    writeBundle(compilation, folder, { sourceFile: source });
    for (const sessionOptions of [EXACT, OPTIMIZED]) {
      const session = await openBundle(folder, { sessionOptions });
      for (const call of [0, 1]) {
        const actual = ((await session.run(feedsFor(call, 3))) as Tensors).eps!;
        if (sessionOptions === EXACT) expect(sameBits(actual, expected[call]!)).toBe(true);
        else expect(relativeDifference(actual, expected[call]!)).toBeLessThan(1e-5);
      }
      await session.release();
    }
  });
});
