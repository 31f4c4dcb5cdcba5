/**
 * Files with what few have: sparse initializers, training graphs and quantization annotations, outputs of
 * strings, an axis that is none. Written by onnx-proto; what comes out is held against onnxruntime on the source.
 */
import fs from 'node:fs';
import path from 'node:path';
import Long from 'long';
import onnxProto from 'onnx-proto';
import { beforeEach, describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { emitBundle } from '../../../src/compiler/emit/index.js';
import { inspectModel } from '../../../src/compiler/inspect/inspect.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { loadModel, saveModel } from '../../../src/model/onnx/files.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { openBundle } from '../../../src/runtime/node/index.js';
import { requireBuild, scratchFolder } from '../../cli/stepfold.js';
import { EMITS, EXACT, encodeSorted, ort } from '../../helpers/compile.js';
import { sameBits, type Tensors } from '../../helpers/injectable.js';
import { writeLayout } from '../../helpers/layouts.js';
import { modelOf } from '../../helpers/text.js';
import { TINY_UNET } from '../../helpers/unets.js';

const { onnx } = onnxProto;
const root = scratchFolder('unusual');
let folder: string;
let serial = 0;
beforeEach(() => {
  folder = path.join(root, String(serial++));
  fs.mkdirSync(folder);
});

/** The tiny U-Net after a change to its message, as a file. */
function written(change: (model: onnxProto.onnx.ModelProto) => void): string {
  const model = onnx.ModelProto.decode(encodeSorted(modelOf(TINY_UNET)));
  change(model);
  const file = path.join(folder, 'model.onnx');
  fs.writeFileSync(file, onnx.ModelProto.encode(model).finish());
  return file;
}

const feeds = (): Tensors => ({
  x: new ort.Tensor(
    'float32',
    Float32Array.from({ length: 128 }, (_, i) => Math.sin(i)),
    [1, 2, 8, 8],
  ),
  t: new ort.Tensor('float32', [0.5], [1]),
});

async function sourceOutputs(file: string | Uint8Array): Promise<Tensors> {
  const session = await ort.InferenceSession.create(file as string, EXACT);
  const outputs = (await session.run(feeds())) as Tensors;
  await session.release();
  return outputs;
}

async function bundleOf(file: string, emit: (typeof EMITS)[number] = 'split') {
  const compilation = await Pipeline.create({ calls: 2, emit })
    .use(deepcache, { branch: 2, interval: 2 })
    .compile(loadModel(file));
  const bundle = path.join(folder, emit);
  return { bundle, ...emitBundle(compilation, bundle, { sourceFile: file }) };
}

/** A full and a shallow call on the same inputs are both the source. */
async function expectSource(bundle: string, expected: Tensors, options = {}): Promise<void> {
  const session = await openBundle(bundle, { sessionOptions: EXACT, ...options });
  for (let call = 0; call < 2; call++) {
    const outputs = (await session.run(feeds())) as Tensors;
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, tensor] of Object.entries(expected))
      if (tensor.type === 'string') expect(outputs[name]!.data).toEqual(tensor.data);
      else expect(sameBits(outputs[name]!, tensor), `call ${call}, ${name}`).toBe(true);
  }
  await session.release();
}

describe('sparse initializers', () => {
  /** `u2`, of the sizes [2, 4, 1, 1], with its two zeros left out. */
  const sparse = () =>
    written(({ graph }) => {
      const at = graph!.initializer!.findIndex(({ name }) => name === 'u2');
      const [u2] = graph!.initializer!.splice(at, 1);
      const dense = u2!.floatData?.length
        ? u2!.floatData
        : [...new Float32Array(new Uint8Array(u2!.rawData!).buffer)];
      const places = dense.flatMap((value, i) => (value === 0 ? [] : [i]));
      graph!.sparseInitializer = [
        {
          values: {
            name: 'u2',
            dataType: 1,
            dims: [places.length],
            floatData: places.map((i) => dense[i]!),
          },
          indices: {
            dataType: 7,
            dims: [places.length],
            int64Data: places.map((i) => Long.fromNumber(i)),
          },
          dims: u2!.dims!,
        },
      ];
    });

  test.each(EMITS)('have the sizes that the file gives them: %s', async (emit) => {
    const file = sparse();
    const expected = await sourceOutputs(file);
    expect(sameBits(expected.eps!, (await sourceOutputs(written(() => {}))).eps!)).toBe(true);
    const { bundle, schedule } = await bundleOf(sparse(), emit);
    expect(Object.values(schedule.states)[0]!.shape).toHaveLength(4);
    await expectSource(bundle, expected);
  });

  test('count as what they are unfolded to', async () => {
    const [one, other] = [loadModel(sparse()), loadModel(written(() => {}))];
    const [a, b] = [await inspectModel(one), await inspectModel(other)];
    for (const key of ['parameters', 'macs', 'branches', 'notes'] as const)
      expect(a.inspection[key]).toEqual(b.inspection[key]);
  });

  test('are written as they were read', () => {
    const file = sparse();
    saveModel(loadModel(file), path.join(folder, 'again.onnx'));
    const read = (name: string) =>
      onnx.ModelProto.decode(fs.readFileSync(path.join(folder, name))).toJSON();
    expect(read('again.onnx')).toEqual(read('model.onnx'));
  });
});

describe('lengths of external data', () => {
  test.each([
    ['shorter than the tensor', '15'],
    ['longer than the tensor', '17'],
  ])('%s are refused before anything is written', async (_, length) => {
    const file = writeLayout(folder, encodeSorted(modelOf(TINY_UNET)), {
      file: (name) => `${name}.bin`,
      least: 16,
    });
    const model = onnx.ModelProto.decode(fs.readFileSync(file));
    const w1 = model.graph!.initializer!.find(({ name }) => name === 'w1')!;
    const entry = w1.externalData!.find(({ key }) => key === 'length')!;
    expect(entry.value).toBe('16');
    entry.value = length;
    fs.writeFileSync(file, onnx.ModelProto.encode(model).finish());
    fs.appendFileSync(path.join(folder, 'w1.bin'), 'more');
    await expect(bundleOf(file)).rejects.toMatchObject({
      code: 'TENSOR_DATA_SIZE',
      message: expect.stringContaining('w1'),
    });
    expect(fs.existsSync(path.join(folder, 'split'))).toBe(false);
  });
});

describe('constants that are no plain tensors', () => {
  test.each([
    ['value_string = "v1"', 'string', []],
    ['value_strings = ["v1", "v2"]', 'string', [2]],
    ['sparse_value = sparse_tensor(float[3,4]) = {float[1] {1}, int64[1] {7}}', 'float32', [3, 4]],
  ])('%s', async (attribute, type, shape) => {
    const text = `g (float[2] x) => (float[2] y, ${type === 'string' ? 'string' : 'float'}[] c) {
      y = Relu (x)
      c = Constant <${attribute}> ()
    }`;
    const { inspection } = await inspectModel(
      parseModel(`<ir_version: 8, opset_import: ["" : 17]> ${text}`),
    );
    expect(inspection.outputs[1]).toMatchObject({ type, shape });
  });
});

test('training graphs and quantization annotations are left out, and said', async () => {
  const file = written((model) => {
    model.trainingInfo = [
      onnx.TrainingInfoProto.create({
        algorithm: {
          name: 'step',
          node: [{ opType: 'Identity', input: ['wm'], output: ['new'] }],
          output: [{ name: 'new', type: { tensorType: { elemType: 1 } } }],
        },
        updateBinding: [{ key: 'wm', value: 'new' }],
      }),
    ];
    model.graph!.quantizationAnnotation = [
      { tensorName: 'wm', quantParameterTensorNames: [{ key: 'SCALE_TENSOR', value: 'w1' }] },
      { tensorName: 'mid', quantParameterTensorNames: [{ key: 'SCALE_TENSOR', value: 'w1' }] },
    ];
  });
  for (const emit of EMITS) {
    const { bundle, report } = await bundleOf(file, emit);
    for (const name of fs.readdirSync(bundle).filter((of) => of.endsWith('.onnx'))) {
      const model = onnx.ModelProto.decode(fs.readFileSync(path.join(bundle, name)));
      expect([model.trainingInfo, model.graph!.quantizationAnnotation]).toEqual([[], []]);
    }
    expect(report.notes).toEqual([
      expect.stringMatching(/^1 training graph is left out: /),
      expect.stringMatching(/^2 quantization annotations are left out: /),
    ]);
    await expectSource(bundle, await sourceOutputs(file));
  }
  // reading and writing alone leaves out nothing
  saveModel(loadModel(file), path.join(folder, 'again.onnx'));
  const again = onnx.ModelProto.decode(fs.readFileSync(path.join(folder, 'again.onnx')));
  expect([again.trainingInfo.length, again.graph!.quantizationAnnotation!.length]).toEqual([1, 2]);
});

describe('an output of strings', () => {
  const strings = () =>
    written(({ graph }) => {
      graph!.node!.push(
        onnx.NodeProto.create({
          opType: 'Constant',
          output: ['version'],
          attribute: [
            {
              name: 'value_strings',
              type: onnx.AttributeProto.AttributeType.STRINGS,
              strings: [Buffer.from('v1'), Buffer.from('äß')],
            },
          ],
        }),
      );
      graph!.output!.push(
        onnx.ValueInfoProto.create({
          name: 'version',
          type: { tensorType: { elemType: 8, shape: { dim: [{ dimValue: Long.fromNumber(2) }] } } },
        }),
      );
    });

  test.each(EMITS)('comes out of every call: %s', async (emit) => {
    const file = strings();
    const expected = await sourceOutputs(file);
    expect(expected.version!.data).toEqual(['v1', 'äß']);
    const { bundle } = await bundleOf(file, emit);
    await expectSource(bundle, expected);
  });

  test('also of a worker', async () => {
    requireBuild();
    const file = strings();
    const { bundle } = await bundleOf(file);
    await expectSource(bundle, await sourceOutputs(file), { worker: true });
  });
});

test('an axis that is none is said', async () => {
  const text = `<ir_version: 8, opset_import: ["" : 17]>
    g (float[2,4] x) => (float[] y) {
      [sin] s = Sin (x)
      [cat] y = Concat <axis = 2> (s, x)
    }`;
  const { inspection } = await inspectModel(parseModel(text));
  expect(inspection.notes).toContain(
    'a shape is not known: node "cat" (Concat): axis 2 is out of range for rank 2',
  );
});
