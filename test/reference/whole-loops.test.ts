/**
 * Whole loops of exported transformers without their last blocks, or with attention kept kind by kind, and of U-Nets without what is
 * deeper than a branch, against the networks' own definitions in PyTorch with the same
 * weights (samples/python/whole_loops.py): where blocks begin and end, where skips join,
 * and what a deviation is, comes from there.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deepcache, deltaCache, moduleCache } from '../../passes/index.js';
import { parsePassRequest } from '../../src/compiler/pass/index.js';
import { type Compilation, Pipeline } from '../../src/compiler/pipeline/index.js';
import { readNpy } from '../../src/io/npy.js';
import { groupBy } from '../../src/model/ir/group-by.js';
import type { Model } from '../../src/model/ir/model.js';
import { elementCount, type Tensor } from '../../src/model/ir/tensor.js';
import { fillWeights, loadModel } from '../../src/node.js';
import { EMITS, openSession, ort } from '../helpers/compile.js';
import { relativeError } from './numbers.js';

interface Loop {
  /** Numbers of the first and last block that are left out, of a transformer. */
  readonly leftOut?: readonly [number, number];
  /** Behind which a U-Net is left out. */
  readonly branch?: number;
  /** What leaving out changed of the latent, as a part of the largest number in it. */
  readonly difference: number;
  /** What the exporter computed and the file has not got. */
  readonly tables: readonly string[];
  /** A loop in which modules of each kind, so many, are kept for so many calls. */
  readonly modules?: {
    readonly options: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly difference: number;
  };
}
const FOLDER = 'samples/whole-loops';
const LOOPS: Readonly<Record<string, Loop>> = JSON.parse(
  fs.readFileSync(`${FOLDER}/loops.json`, 'utf8'),
);
const corpus: Record<string, { inputs: Record<string, number[]> }> = JSON.parse(
  fs.readFileSync('samples/corpus/corpus.json', 'utf8'),
);

const CALLS = 8;
const INTERVAL = 3;
const STEP = 0.2;

const numbers = (name: string) => readNpy(fs.readFileSync(`${FOLDER}/${name}.npy`), name);

/** Sessions here are opened of bytes, beside which there are no files. */
function takeIn(model: Model, folder: string): void {
  const files = new Map<string, Buffer>();
  for (const value of model.graph.initializers) {
    const { data, dims, dtype } = value.initializer!;
    if (data.kind !== 'external') continue;
    const { location, offset, length } = data;
    const file = files.get(location) ?? fs.readFileSync(path.join(folder, location));
    files.set(location, file);
    const bytes = Uint8Array.from(file.subarray(offset, offset + length!));
    value.initializer = { dtype, dims, data: { kind: 'bytes', bytes } };
  }
}

/** The file of the corpus with weights, and with the tables of the definition. */
function filled(name: string, folder: string): Model {
  const source = path.resolve(`samples/corpus/${name}.onnx`);
  const weights = fillWeights({ model: source, folder }).model;
  const model = loadModel(weights);
  takeIn(model, path.dirname(weights));
  const { tables } = LOOPS[name]!;
  if (tables.length === 0) return model;
  let from = 0;
  const { data } = numbers(`${name}.tables`);
  const next = ({ dtype, dims }: Tensor): Tensor => {
    const part = (data as Float32Array).slice(from, from + elementCount(dims));
    from += part.length;
    return { dtype, dims, data: { kind: 'bytes', bytes: new Uint8Array(part.buffer) } };
  };
  for (const table of tables) {
    const value = [...model.graph.initializers].find((one) => one.name === table);
    const node = [...model.graph.nodes].find(({ outputs }) => outputs[0]?.name === table);
    const constant = node?.attributes.get('value');
    if (value?.initializer) value.initializer = next(value.initializer);
    else if (constant?.type === 'tensor')
      node!.attributes.set('value', { type: 'tensor', value: next(constant.value) });
    else throw new Error(`no table ${table}`);
  }
  expect(from).toBe(data.length);
  return model;
}

const byRule = (dims: readonly number[], phase: number) =>
  Float32Array.from({ length: elementCount(dims) }, (_, i) => Math.sin(0.7 * i + phase));

/** Inputs in the order of the definition, the latent first; the timestep is that of the call. */
function inputsAt(name: string, model: Model, latent: Float32Array, call: number) {
  const shapes = Object.entries(corpus[name]!.inputs);
  return Object.fromEntries(
    shapes.map(([input, dims], i) => {
      const type = model.graph.inputs.find((one) => one.name === input)!.type;
      const elem = type?.kind === 'tensor' ? type.elem : undefined;
      const count = elementCount(dims);
      const at = input === 'timestep' ? 900 - 100 * call : 1;
      if (elem === 'int64')
        return [input, new ort.Tensor('int64', new BigInt64Array(count).fill(BigInt(at)), dims)];
      if (elem === 'bool')
        return [input, new ort.Tensor('bool', new Uint8Array(count).fill(1), dims)];
      const float =
        i === 0
          ? latent
          : input === 'timestep'
            ? new Float32Array(count).fill(at)
            : byRule(dims, 1 + i);
      return [input, new ort.Tensor('float32', float, dims)];
    }),
  );
}

/** Along each axis, the place of an element. */
const placesOf = (element: number, dims: readonly number[]): number[] => {
  const places: number[] = [];
  for (const size of dims.toReversed()) {
    places.unshift(element % size);
    element = Math.floor(element / size);
  }
  return places;
};

/** Of the element at these places; undefined where there is none. */
const placeIn = (dims: readonly number[], places: readonly number[]): number | undefined =>
  places.every((place, axis) => place < dims[axis]!)
    ? places.reduce((at, place, axis) => at * dims[axis]! + place, 0)
    : undefined;

const leavingOut = (pipeline: Pipeline, { leftOut, branch }: Loop): Pipeline =>
  leftOut
    ? pipeline.use(deltaCache, { range: leftOut.join('-'), interval: INTERVAL })
    : pipeline.use(deepcache, { branch: branch!, interval: INTERVAL });

/** The latent after the last call, of which each is a step along what the bundle gives. */
async function latentAfter(name: string, model: Model, compilation: Compilation) {
  const session = await openSession(compilation);
  const [dims] = Object.values(corpus[name]!.inputs);
  const latent = byRule(dims!, 1);
  for (let call = 0; call < CALLS; call++) {
    const [out] = Object.values(await session.run(inputsAt(name, model, latent, call)));
    const noise = out!.data as Float32Array;
    // behind what it takes for noise some give its variance, and some take a picture behind the latent
    for (const i of latent.keys()) {
      const at = placeIn(out!.dims, placesOf(i, dims!));
      if (at !== undefined) latent[i] = latent[i]! - STEP * noise[at]!;
    }
  }
  await session.release();
  return latent;
}

describe.each(Object.entries(LOOPS))('%s', (name, loop) => {
  const { difference, modules } = loop;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-whole-loop-'));
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  let model: Model;
  beforeAll(() => {
    model = filled(name, path.join(folder, 'model'));
  });

  test.each(EMITS)('ends where the definition ends, as %s', async (emit) => {
    const pipeline = leavingOut(Pipeline.create({ calls: CALLS, emit, fixedLoop: true }), loop);
    const compilation = await pipeline.compile(model);
    const latent = await latentAfter(name, model, compilation);
    expect(difference).toBeGreaterThan(0.05);
    expect(relativeError(latent, numbers(name).data as Float32Array)).toBeLessThan(1e-5);
  });

  if (modules)
    test.each(EMITS)('with modules kept by kind, as %s', async (emit) => {
      const { options, counts, difference } = modules!;
      const compilation = await Pipeline.create({ calls: CALLS, emit, fixedLoop: true })
        .use(moduleCache, parsePassRequest(`module-cache:${options}`).options)
        .compile(model);
      const kinds = groupBy(compilation.plan.sites, ({ id }) => id.replace(/\.\d+$/, ''));
      expect(new Map([...kinds].map(([kind, sites]) => [kind, sites.length]))).toEqual(
        new Map(Object.entries(counts)),
      );
      const latent = await latentAfter(name, model, compilation);
      expect(difference).toBeGreaterThan(0.05);
      const expected = numbers(`${name}.modules`).data as Float32Array;
      expect(relativeError(latent, expected)).toBeLessThan(1e-5);
    });
});
