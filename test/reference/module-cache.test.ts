/**
 * Loops in which modules keep what they gave, against the networks' own definitions in PyTorch with hooks on their modules
 * (samples/python/module_loops.py): which values those are, and at which calls they are computed, comes from there.
 */
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { moduleCache } from '../../passes/index.js';
import { parsePassRequest } from '../../src/compiler/pass/index.js';
import { type Compilation, Pipeline } from '../../src/compiler/pipeline/index.js';
import { COMPUTE } from '../../src/compiler/plan/index.js';
import { readNpy } from '../../src/io/npy.js';
import { loadModel } from '../../src/model/onnx/files.js';
import { openSession, ort } from '../helpers/compile.js';
import { relativeError } from './numbers.js';

interface Loop {
  readonly name: string;
  readonly model: string;
  readonly options: string;
  /** By kind, the calls that compute its modules. */
  readonly full: Readonly<Record<string, readonly number[]>>;
  /** Hooks, one for each output of a module. */
  readonly modules: number;
  /** What keeping changed of the images, as a part of the largest number in them. */
  readonly difference: number;
}
const FOLDER = 'samples/module-loops';
const LOOPS: readonly Loop[] = JSON.parse(fs.readFileSync(`${FOLDER}/loops.json`, 'utf8'));

const CALLS = 8;
const LABELS = BigInt64Array.of(3n, 10n);
const STEP = Math.fround(0.2);

const compile = ({ model, options }: Loop): Promise<Compilation> =>
  Pipeline.create({ calls: CALLS, emit: 'merged', fixedLoop: true })
    .use(moduleCache, parsePassRequest(`module-cache:${options}`).options)
    .compile(loadModel(`samples/${model}`));

/** The images after the last call, of which each is a step along what the bundle gives. */
async function imagesAfter(compilation: Compilation, dims: readonly number[]) {
  const session = await openSession(compilation);
  const { canonical, shapes } = compilation;
  const time = canonical.graph.inputs.find(({ name }) => name === 'timestep')!;
  const isFloat = shapes.dtype(time) === 'float32';
  const size = dims.reduce((a, b) => a * b);
  const images = Float32Array.from({ length: size }, (_, i) => Math.sin(1.3 * (i + 1)));
  for (let call = 0; call < CALLS; call++) {
    const at = 900 - 100 * call;
    const { out_sample } = (await session.run({
      sample: new ort.Tensor('float32', images, dims),
      timestep: isFloat
        ? new ort.Tensor('float32', Float32Array.of(at, at), [2])
        : new ort.Tensor('int64', BigInt64Array.of(BigInt(at), BigInt(at)), [2]),
      class_labels: new ort.Tensor('int64', LABELS, [2]),
    })) as Record<string, ort.Tensor>;
    for (const [i, number] of (out_sample!.data as Float32Array).entries())
      images[i] = images[i]! - Math.fround(STEP * number);
  }
  await session.release();
  return images;
}

describe.each(LOOPS)('$name', (loop) => {
  test('keeps what the modules keep, and gives the same images', async () => {
    const compilation = await compile(loop);
    const { sites, rows } = compilation.plan;
    expect(sites.flatMap(({ outputs }) => outputs)).toHaveLength(loop.modules);
    for (const [s, { id }] of sites.entries()) {
      const computed = rows.flatMap((row, call) => (row[s] === COMPUTE ? [call] : []));
      expect(computed, id).toEqual(loop.full[id.replace(/\.\d+$/, '')]);
    }
    const { data, dims } = readNpy(fs.readFileSync(`${FOLDER}/${loop.name}.npy`), loop.name);
    const images = await imagesAfter(compilation, dims);
    expect(loop.difference).toBeGreaterThan(0.05);
    expect(relativeError(images, data as Float32Array)).toBeLessThan(1e-5);
  });
});
