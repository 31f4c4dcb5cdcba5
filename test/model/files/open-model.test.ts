/**
 * Models opened by promise: the same as those that are loaded from disk, read in few and small pieces, and
 * compiled to the same bytes that the disk gets.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import onnxProto from 'onnx-proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findAttention, parsePassRequest, passes } from '../../../passes/index.js';
import { checkWeights } from '../../../src/compiler/emit/weights.js';
import { prepare } from '../../../src/compiler/pipeline/index.js';
import {
  blobFile,
  bundleFiles,
  encodeModel,
  type FileAccess,
  type Model,
  openModel,
  Pipeline,
  parseModel,
  printModel,
  readNumbers,
  urlFile,
} from '../../../src/index.js';
import { holding } from '../../../src/model/files/index.js';
import { constantTensor } from '../../../src/model/ir/constants.js';
import { decodeModel } from '../../../src/model/onnx/index.js';
import { loadModel, nodeFile, writeBundle } from '../../../src/node.js';
import { writeLayout } from '../../helpers/layouts.js';

const UNET = 'samples/digits/digits-unet.onnx';
const DIT = 'samples/dit-digits/dit-digits.onnx';

let folder: string;
let server: http.Server;
let base: string;
/** How the server answers: in ranges as asked, or as one that knows none. */
let ranges = true;
let etag = '"a"';
/** Bytes that a shifted answer begins too late, and a cut one ends too early. */
let shift = 0;
let cut = 0;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-open-'));
  server = http.createServer((request, response) => {
    const file = path.join('samples', request.url!.replaceAll('%2F', '/').replaceAll('%2D', '-'));
    if (!fs.existsSync(file)) return void response.writeHead(404).end();
    const bytes = fs.readFileSync(file);
    const asked = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    if (!ranges || !asked) return void response.writeHead(200).end(bytes);
    const [first, last] = [Number(asked[1]) + shift, Number(asked[2]) + shift];
    const [from, to] = [first, Math.min(last, bytes.length - 1)];
    response.writeHead(206, {
      'content-range': `bytes ${from}-${to}/${bytes.length}`,
      'content-length': to + 1 - from,
      etag,
    });
    response.write(bytes.subarray(from, to + 1 - cut), () => {
      if (cut > 0) response.destroy();
      else response.end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterAll(() => {
  server.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A file that says what is read of it. */
function watched(file: FileAccess) {
  const reads: number[] = [];
  const read = (offset: number, length: number) => {
    reads.push(length);
    return file.read(offset, length);
  };
  return { file: { ...file, read }, reads };
}

const blobOf = (file: string) => blobFile(new Blob([fs.readFileSync(file)]), path.basename(file));

const compile = (model: Model, requests: readonly string[], emit: 'split' | 'merged' | 'chain') => {
  let pipeline = Pipeline.create({ calls: 6, emit });
  for (const { pass, options } of requests.map(parsePassRequest))
    pipeline = pipeline.use(passes[pass]!, options as never);
  return pipeline.compile(model);
};

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A bundle on disk: what each file holds. */
const bundleOnDisk = (name: string) =>
  new Map(
    fs
      .readdirSync(path.join(folder, name))
      .map((file) => [file, digest(fs.readFileSync(path.join(folder, name, file)))]),
  );

async function contents(
  files: readonly { name: string; size: number; bytes(): AsyncIterable<Uint8Array> }[],
) {
  const found = new Map<string, string>();
  for (const file of files) {
    const parts: Uint8Array[] = [];
    for await (const part of file.bytes()) parts.push(part);
    const bytes = Buffer.concat(parts);
    expect(bytes.length, file.name).toBe(file.size);
    found.set(file.name, digest(bytes));
  }
  return found;
}

describe('a model that is opened', () => {
  it.each([UNET, DIT])('is the one that is loaded: %s', async (file) => {
    const text = printModel(loadModel(file));
    for (const access of [
      blobOf(file),
      await nodeFile(file),
      await urlFile(`${base}${file.slice(8)}`),
    ]) {
      expect(access.name).toBe(path.basename(file));
      const model = await openModel(access);
      expect(await holding(() => printModel(model))).toBe(text);
    }
  });

  it('goes by the name at the end of its address, as people read it', async () => {
    for (const [address, name] of [
      ['digits%2Fdigits-unet.onnx', 'digits-unet.onnx'],
      ['digits/../digits/digits%2Dunet.onnx', 'digits-unet.onnx'],
    ])
      expect((await urlFile(`${base}${address}`)).name).toBe(name);
    // a bare percent sign is allowed in an address, and no code of anything
    await expect(urlFile(`${base}100%.onnx`)).rejects.toEqual(
      expect.objectContaining({ code: 'FETCH_FAILED' }),
    );
  });

  it('is not read whole', async () => {
    const { file, reads } = watched(blobOf(DIT));
    const { canonical, shapes } = await prepare(await openModel(file));
    expect((await holding(() => findAttention(canonical.graph, shapes))).found).toHaveLength(6);
    expect(reads.reduce((sum, length) => sum + length, 0)).toBeLessThan(file.size / 2);
    expect(Math.max(...reads)).toBeLessThan(128 * 1024);
  });
});

describe('files of a bundle', () => {
  const cases: [string, string, readonly string[], 'split' | 'merged' | 'chain'][] = [
    ['unet-split', UNET, ['deepcache:branch=3,interval=3'], 'split'],
    ['unet-merged', UNET, ['deepcache:branch=2,interval=2'], 'merged'],
    ['unet-cut', UNET, ['depth-skip:branch=2'], 'split'],
    ['dit-merged', DIT, ['ditfastattn:strategy=window,window=2,interval=2'], 'merged'],
    ['dit-chain', DIT, ['delta-cache:blocks=2,interval=2'], 'chain'],
  ];

  it.each(cases)('are those that are written to disk: %s', async (name, file, requests, emit) => {
    for (const weights of ['copy', 'prune'] as const) {
      const target = path.join(folder, `${name}-${weights}`);
      writeBundle(await compile(loadModel(file), requests, emit), target, {
        sourceFile: file,
        weights,
      });
      const source = blobOf(file);
      const compilation = await compile(await openModel(source), requests, emit);
      const { files, schedule } = await bundleFiles(compilation, { source, weights });
      expect(await contents(files)).toEqual(bundleOnDisk(path.basename(target)));
      expect(schedule.source.file).toBe(path.basename(file));
    }
  });

  it('take weights from several files beside the model', async () => {
    const dir = path.join(folder, 'layout');
    const file = writeLayout(dir, fs.readFileSync(UNET), {
      file: (_, index) => (index % 2 === 0 ? undefined : `weights/${index % 3}.bin`),
    });
    const requests = ['deepcache:branch=3,interval=3'];
    writeBundle(
      await compile(loadModel(file), requests, 'split'),
      path.join(folder, 'from-layout'),
      {
        sourceFile: file,
        weights: 'prune',
      },
    );
    const source = blobOf(file);
    const external = (location: string) => blobOf(path.join(dir, location));
    const model = await openModel(source, { external });
    const { files } = await bundleFiles(await compile(model, requests, 'split'), {
      source,
      weights: 'prune',
    });
    expect(await contents(files)).toEqual(bundleOnDisk('from-layout'));
  });

  it('cannot be asked of a folder, where the model came from no disk', async () => {
    const model = await openModel(blobOf(UNET));
    const target = path.join(folder, 'nowhere');
    for (const weights of ['copy', 'prune'] as const) {
      const compilation = await compile(model, ['deepcache:branch=3,interval=3'], 'split');
      expect(() => writeBundle(compilation, target, { sourceFile: UNET, weights })).toThrow(
        expect.objectContaining({ code: 'WEIGHTS_ELSEWHERE' }),
      );
      expect(fs.existsSync(target)).toBe(false);
    }
  });

  it('are the same where the model spells the name of one file in two ways', async () => {
    const dir = path.join(folder, 'spelled');
    const file = writeLayout(dir, fs.readFileSync(UNET), {
      file: (_, index) => (index % 2 === 0 ? './w/all.bin' : 'w//all.bin'),
    });
    const requests = ['deepcache:branch=3,interval=3'];
    writeBundle(
      await compile(loadModel(file), requests, 'split'),
      path.join(folder, 'from-spelled'),
      { sourceFile: file, weights: 'copy' },
    );
    const asked: string[] = [];
    const source = blobOf(file);
    const model = await openModel(source, {
      external(location) {
        asked.push(location);
        return blobOf(path.join(dir, location));
      },
    });
    const { files } = await bundleFiles(await compile(model, requests, 'split'), { source });
    expect(await contents(files)).toEqual(bundleOnDisk('from-spelled'));
    expect(asked).toEqual(['w/all.bin']);
  });

  it('give their bytes again after those given were handed on to another thread', async () => {
    const source = blobOf(UNET);
    const compilation = await compile(await openModel(source), ['depth-skip:branch=2'], 'split');
    const { files } = await bundleFiles(compilation, { source });
    const before = await contents(files);
    for (const file of files)
      for await (const part of file.bytes()) structuredClone(part, { transfer: [part.buffer] });
    expect(await contents(files)).toEqual(before);
  });
});

describe('external data of the functions that a model carries', () => {
  const numbers = Float32Array.from({ length: 6000 }, (_, i) => Math.sin(i));

  /** A model whose function adds a table of `w/table.bin`. */
  function written(): string {
    const text = parseModel(`<ir_version: 8, opset_import: ["" : 17, "own" : 1]>
      g (float[6000] x) => (float[6000] y) { y = own.Shift(x) }
      <domain: "own", opset_import: ["" : 17]>
      Shift (a) => (b) {
        table = Constant <value = float[1] {0}> ()
        b = Add(a, table)
      }`);
    const message = onnxProto.onnx.ModelProto.decode(encodeModel(text));
    const constant = message.functions![0]!.node![0]!.attribute![0]!.t!;
    Object.assign(constant, {
      dims: [6000],
      floatData: [],
      rawData: undefined,
      dataLocation: onnxProto.onnx.TensorProto.DataLocation.EXTERNAL,
      externalData: [
        { key: 'location', value: './w/table.bin' },
        { key: 'offset', value: '64' },
        { key: 'length', value: '24000' },
      ],
    });
    const dir = path.join(folder, 'functions');
    fs.mkdirSync(path.join(dir, 'w'), { recursive: true });
    fs.writeFileSync(
      path.join(dir, 'w/table.bin'),
      Buffer.concat([Buffer.alloc(64, 255), Buffer.from(numbers.buffer)]),
    );
    const file = path.join(dir, 'model.onnx');
    fs.writeFileSync(file, onnxProto.onnx.ModelProto.encode(message).finish());
    return file;
  }

  it('are there where the call is written out', async () => {
    const file = written();
    const external = (location: string) => blobOf(path.join(path.dirname(file), location));
    for (const model of [loadModel(file), await openModel(blobOf(file), { external })]) {
      const { canonical } = await prepare(model);
      const [add] = [...canonical.graph.nodes];
      const table = constantTensor(add!.inputs[1]!);
      expect(await holding(() => readNumbers(table!))).toEqual([...numbers]);
    }
  });

  it('are missed where nobody has them', async () => {
    const file = written();
    fs.rmSync(path.join(path.dirname(file), 'w/table.bin'));
    for (const model of [loadModel(file), await openModel(blobOf(file))]) {
      const { canonical } = await prepare(model);
      expect(() => checkWeights(canonical)).toThrow(
        expect.objectContaining({ code: 'EXTERNAL_DATA_MISSING' }),
      );
    }
    const nowhere = await prepare(decodeModel(fs.readFileSync(file)));
    expect(() => checkWeights(nowhere.canonical)).toThrow(
      expect.objectContaining({ code: 'TENSOR_DATA_MISSING' }),
    );
  });
});

describe('work that looks into a large tensor', () => {
  it('is done again with the tensor at hand', async () => {
    const numbers = Float32Array.from({ length: 10_000 }, (_, i) => i / 7);
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[10000] x) => (float[10000] y) <float[10000] table = {${numbers.join(',')}}> {
        twice = Add(table, table)
        y = Add(x, twice)
      }`);
    // as exporters write them: in raw_data, which the reader leaves where it lies
    const table = model.graph.find('table')!;
    const bytes = new Uint8Array(numbers.buffer);
    table.initializer = { dtype: 'float32', dims: [10_000], data: { kind: 'bytes', bytes } };
    const { file, reads } = watched(
      blobFile(new Blob([encodeModel(model) as BlobPart]), 'table.onnx'),
    );
    const opened = await openModel(file);
    reads.length = 0;
    const { canonical } = await prepare(opened);
    expect(reads).toEqual([40_000]);
    const [folded] = [...canonical.graph.initializers].map((value) =>
      readNumbers(value.initializer!),
    );
    expect(folded).toEqual([...numbers.map((x) => x + x)]);
  });
});

describe('what is refused', () => {
  const code = (name: string) => expect.objectContaining({ code: name });

  it('a file that is no model', async () => {
    const page = blobFile(new Blob(['<!doctype html>']), 'page.onnx');
    await expect(openModel(page)).rejects.toEqual(code('ONNX_INVALID'));
    await expect(openModel(blobFile(new Blob([]), 'empty.onnx'))).rejects.toEqual(
      code('ONNX_INVALID'),
    );
    const noise = new Uint8Array(4096).map((_, i) => (i * 37) % 251);
    await expect(openModel(blobFile(new Blob([noise])))).rejects.toEqual(code('ONNX_INVALID'));
  });

  it('a model that is cut short', async () => {
    const bytes = fs.readFileSync(UNET);
    for (const length of [bytes.length - 1, 1_000_000, 70_000]) {
      const cut = blobFile(new Blob([bytes.subarray(0, length)]), 'cut.onnx');
      await expect(openModel(cut)).rejects.toEqual(code('ONNX_TRUNCATED'));
    }
  });

  it('external data that nobody has, when they are wanted and not before', async () => {
    const dir = path.join(folder, 'missing');
    const file = writeLayout(dir, fs.readFileSync(UNET), { file: () => 'weights.bin' });
    const source = blobOf(file);
    const model = await openModel(source);
    const compilation = await compile(model, ['deepcache:branch=3,interval=3'], 'split');
    await expect(bundleFiles(compilation, { source })).rejects.toThrow(
      /weights\.bin".*is not beside "model\.onnx"/,
    );
  });

  it('external data that end too early', async () => {
    const dir = path.join(folder, 'short');
    const file = writeLayout(dir, fs.readFileSync(UNET), { file: () => 'weights.bin' });
    const whole = fs.readFileSync(path.join(dir, 'weights.bin'));
    const source = blobOf(file);
    const model = await openModel(source, {
      external: (name) => blobFile(new Blob([whole.subarray(0, whole.length / 2)]), name),
    });
    const compilation = await compile(model, ['deepcache:branch=3,interval=3'], 'split');
    await expect(bundleFiles(compilation, { source })).rejects.toEqual(code('EXTERNAL_DATA_SHORT'));
  });

  it('an address with nothing, a server without ranges, a file that changes meanwhile', async () => {
    await expect(urlFile(`${base}digits/none.onnx`)).rejects.toEqual(code('FETCH_FAILED'));
    await expect(urlFile('http://127.0.0.1:1/unet.onnx')).rejects.toEqual(code('FETCH_FAILED'));
    ranges = false;
    await expect(urlFile(`${base}digits/digits-unet.onnx`)).rejects.toEqual(code('FETCH_RANGES'));
    ranges = true;
    const file = await urlFile(`${base}digits/digits-unet.onnx`);
    etag = '"b"';
    await expect(file.read(0, 16)).rejects.toThrow(/changed while it was read/);
    etag = '"a"';
    shift = 16;
    await expect(file.read(0, 16)).rejects.toThrow(/"bytes 16-31.*where "bytes 0-15/);
    shift = 0;
    cut = 8;
    await expect(file.read(0, 16)).rejects.toEqual(code('FETCH_FAILED'));
    cut = 0;
    expect(await file.read(0, 16)).toEqual(new Uint8Array(fs.readFileSync(UNET).subarray(0, 16)));
  });

  it('external data outside the folder of the model, unasked', async () => {
    const dir = path.join(folder, 'escapes');
    const file = writeLayout(dir, fs.readFileSync(UNET), { file: () => '../outside.bin' });
    const asked: string[] = [];
    const source = blobOf(file);
    const model = await openModel(source, {
      external(location) {
        asked.push(location);
        return blobOf(path.join(dir, location));
      },
    });
    const compilation = await compile(model, ['deepcache:branch=3,interval=3'], 'split');
    await expect(bundleFiles(compilation, { source })).rejects.toEqual(
      code('EXTERNAL_DATA_ESCAPES'),
    );
    expect(asked).toEqual([]);
  });

  it('a Blob whose file is no more', async () => {
    const gone = new Blob(['12345678']);
    gone.slice = () =>
      ({
        arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')),
      }) as never;
    await expect(blobFile(gone, 'unet.onnx').read(0, 4)).rejects.toEqual(code('FILE_CHANGED'));
  });

  it('paths that are no file', async () => {
    await expect(nodeFile(path.join(folder, 'none'))).rejects.toEqual(code('FILE_NOT_FOUND'));
    await expect(nodeFile(folder)).rejects.toEqual(code('FILE_IS_A_FOLDER'));
  });
});
