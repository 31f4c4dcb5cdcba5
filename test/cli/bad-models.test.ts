/**
 * Files that are not the model somebody meant: whatever is wrong with them is said in one sentence
 * that names the file, the node or the tensor, and nothing is left where the bundle would have been.
 */
import fs from 'node:fs';
import path from 'node:path';
import onnxProto from 'onnx-proto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  DIGITS,
  done,
  expectRefusal,
  ROOT,
  requireBuild,
  scratchFolder,
  stepfold,
  UNET,
} from './stepfold.js';

const { onnx } = onnxProto;
type ModelProto = InstanceType<typeof onnx.ModelProto>;

const folder = scratchFolder('bad-models');
const inFolder = (name: string) => path.join(folder, name);
const bundle = inFolder('bundle');

beforeAll(requireBuild);

const inspect = (file: string) => stepfold(['inspect', file], { cwd: folder });

const transform = (file: string, ...more: string[]) =>
  stepfold(['transform', file, ...UNET, '--calls', '4', '-o', bundle, ...more], { cwd: folder });

/** Nothing of a bundle is there, finished or not. */
const expectNothingWritten = () =>
  expect(fs.readdirSync(folder).filter((name) => name.startsWith('bundle'))).toEqual([]);

function writeDamaged(name: string, damage: (model: ModelProto) => void): void {
  const model = onnx.ModelProto.decode(fs.readFileSync(DIGITS));
  damage(model);
  fs.writeFileSync(inFolder(name), onnx.ModelProto.encode(model).finish());
}

const conv = (model: ModelProto, part: string) =>
  model.graph!.node!.find((n) => n.opType === 'Conv' && n.name!.includes(part))!;

/** Moves one weight of 8192 bytes to an external file. */
const external = (location: string) => (model: ModelProto) => {
  const tensor = model.graph!.initializer!.find((t) => t.name === 'time.0.weight')!;
  expect(tensor.rawData).toHaveLength(8192);
  tensor.rawData = new Uint8Array(0);
  tensor.dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
  const entries = { location, offset: '0', length: '8192' };
  tensor.externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
};

describe('what is no ONNX file', () => {
  const size = fs.statSync(DIGITS).size;
  const bytes = fs.readFileSync(DIGITS);
  const files: Record<string, string | Uint8Array> = {
    'empty.onnx': '',
    'archive.pt': 'PK\x03\x04 and so on',
    'page.onnx': '<!DOCTYPE html><html></html>',
    'config.onnx': '{"a": 1}',
    'pointer.onnx': 'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12\n',
    'words.onnx': 'this is not a model at all\n'.repeat(10),
    'zeros.onnx': new Uint8Array(1000),
    'picture.onnx': fs.readFileSync(path.join(ROOT, 'samples/digits/samples.png')),
  };
  beforeAll(() => {
    for (const [name, content] of Object.entries(files)) fs.writeFileSync(inFolder(name), content);
    fs.mkdirSync(inFolder('folder.onnx'));
  });

  test.concurrent.each([
    ['empty.onnx', 'it is empty'],
    ['archive.pt', 'zip archive'],
    ['page.onnx', 'HTML'],
    ['config.onnx', 'JSON'],
    ['pointer.onnx', 'git lfs pull'],
    ['words.onnx', 'is not an ONNX model'],
    ['zeros.onnx', 'is not an ONNX model'],
    ['picture.onnx', 'is not an ONNX model'],
  ])('%s', async (name, reason) => {
    expectRefusal(await inspect(name), 'ONNX_INVALID', `"${name}"`, reason);
  });

  test('a folder, and nothing at all', async () => {
    expectRefusal(await inspect('folder.onnx'), 'FOLDER_NO_MODEL', '"folder.onnx"');
    expectRefusal(await inspect('absent.onnx'), 'FILE_NOT_FOUND', '"absent.onnx"');
    expectRefusal(await inspect('empty.onnx/model.onnx'), 'FILE_NOT_FOUND', 'model.onnx');
  });

  test.concurrent.each([1, 10, 1000, size >> 1, size - 1])(
    'cut off after %i bytes',
    async (length) => {
      const name = `cut-${length}.onnx`;
      fs.writeFileSync(inFolder(name), bytes.subarray(0, length));
      expectRefusal(await inspect(name), 'ONNX_TRUNCATED', `"${name}"`);
    },
  );
});

describe('weights that are not where they should be', () => {
  beforeAll(() => {
    fs.writeFileSync(inFolder('short.bin'), 'abc');
    fs.symlinkSync(DIGITS, inFolder('link.bin'));
    for (const location of ['absent.bin', 'short.bin', 'link.bin', '../up.bin', '/etc/hostname'])
      writeDamaged(`weights-${path.basename(location)}.onnx`, external(location));
    writeDamaged('short-inside.onnx', (model) => {
      const tensor = model.graph!.initializer!.find((t) => t.name === 'time.0.weight')!;
      tensor.rawData = tensor.rawData!.subarray(0, 100);
    });
  });

  test.concurrent.each([
    ['absent.bin', 'EXTERNAL_DATA_MISSING'],
    ['short.bin', 'EXTERNAL_DATA_SHORT'],
    ['link.bin', 'EXTERNAL_DATA_ESCAPES'],
    ['up.bin', 'EXTERNAL_DATA_ESCAPES'],
    ['hostname', 'EXTERNAL_DATA_ESCAPES'],
  ])('%s', async (location, code) => {
    const file = `weights-${location}.onnx`;
    expectRefusal(await transform(file), code, location, '"time.0.weight"');
    // without reading weights, what the model is can still be said
    expect(
      JSON.parse(await done(['inspect', file, '--json'], { cwd: folder })).branches,
    ).toHaveLength(9);
    expectNothingWritten();
  });

  test('fewer bytes than the shape needs', async () => {
    expectRefusal(
      await transform('short-inside.onnx'),
      'TENSOR_DATA_SIZE',
      '"time.0.weight"',
      '8192',
      '100',
    );
    expectNothingWritten();
  });
});

describe('graphs that are not well formed', () => {
  beforeAll(() => {
    writeDamaged('cycle.onnx', (model) => {
      const nodes = model.graph!.node!.filter((n) => n.opType === 'Conv');
      nodes[0]!.input![0] = nodes[3]!.output![0]!;
    });
    writeDamaged('unsorted.onnx', ({ graph }) => {
      const first = graph!.node!.findIndex((n) => n.opType === 'Conv');
      graph!.node!.push(...graph!.node!.splice(first, 1));
    });
    writeDamaged('undefined.onnx', (model) => {
      conv(model, 'conv_in').input![0] = 'nowhere';
    });
    writeDamaged('future.onnx', (model) => {
      model.opsetImport![0]!.version = 99;
    });
    writeDamaged('no-graph.onnx', (model) => {
      model.graph = null;
    });
  });

  test.concurrent.each<[string, string, string[]]>([
    ['cycle', 'GRAPH_CYCLE', ['"/conv_in/Conv"']],
    ['unsorted', 'GRAPH_NOT_SORTED', ['"/conv_in/Conv_output_0"']],
    ['undefined', 'GRAPH_UNDEFINED_VALUE', ['"nowhere"', '"/conv_in/Conv"']],
    ['future', 'OPSET_UNKNOWN', ['99']],
    ['no-graph', 'ONNX_INVALID', ['no-graph.onnx']],
  ])('%s', async (name, code, mentions) => {
    expectRefusal(await transform(`${name}.onnx`), code, ...mentions);
    expectNothingWritten();
  });
});

describe('an operator that nobody knows, in the part that would be skipped', () => {
  beforeAll(() => {
    const rename = (opType: string, domain: string) => (model: ModelProto) => {
      Object.assign(conv(model, '/middle.1/'), { opType, domain });
      if (domain) model.opsetImport!.push(onnx.OperatorSetIdProto.create({ domain, version: 1 }));
    };
    writeDamaged('custom.onnx', rename('AcmeConv', 'com.acme'));
    writeDamaged('unheard-of.onnx', rename('FancyConv', ''));
  });

  test.concurrent.each(['custom', 'unheard-of'])('%s', async (name) => {
    const file = `${name}.onnx`;
    // what does not depend on it is still answered, and what does is not made up
    const report = JSON.parse(await done(['inspect', file, '--json'], { cwd: folder }));
    expect(report.isUnet).toBe(true);
    expect(report.unknownMacs).not.toEqual([]);
    expect(report.branches.at(-1).stateBytes).toBeUndefined();
    // the state could not be declared, so there is no bundle
    expectRefusal(await transform(file), 'PLAN_STATE_SHAPE', '/middle.1/');
    expectNothingWritten();
    // the engine's refusal is the user's to mend, not a fault of ours
    expectRefusal(
      await stepfold(['run', file, '--steps', '2', '-o', 'out'], { cwd: folder }),
      'ENGINE_REFUSED',
      file,
      name === 'custom' ? 'AcmeConv' : 'FancyConv',
    );
  });
});
