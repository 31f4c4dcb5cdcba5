/**
 * Golden graphs: a model in text, what is done to it, and the text of everything that comes out. Each
 * case also runs in onnxruntime against its source, so that an expectation is more than what the
 * code happens to print. `npm run golden` writes the expectations anew; the difference is then for
 * eyes to judge.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { passes as shipped } from '../../passes/index.js';
import { canonicalize } from '../../src/compiler/canonicalize/index.js';
import type { EmitForm } from '../../src/compiler/lower/index.js';
import { type Compilation, Pipeline } from '../../src/compiler/pipeline/index.js';
import { StepfoldError } from '../../src/errors/index.js';
import { cloneModel } from '../../src/model/ir/clone.js';
import { extract } from '../../src/model/ir/extract.js';
import type { Model } from '../../src/model/ir/model.js';
import { sortNodes } from '../../src/model/ir/order.js';
import { parseModel, printModel } from '../../src/model/onnx/text/index.js';
import { formatSchedule, type GuidancePair } from '../../src/runtime/schedule/index.js';
import { EXACT, encodeSorted, openSession, ort, scheduleOf } from '../helpers/compile.js';
import { observing, Reference, sameBits, type Tensors, zerosLike } from '../helpers/injectable.js';
import { named } from '../helpers/text.js';

interface Case {
  readonly description: string;
  /** Sizes of the input's symbols for the run in onnxruntime, and for the figures of the schedule. */
  readonly sizes: Readonly<Record<string, number>>;
  /** One of these three. */
  readonly canonicalize?: true;
  readonly extract?: { readonly inputs: string[]; readonly outputs: string[] };
  readonly passes?: { readonly pass: string; readonly options: Record<string, unknown> }[];
  readonly calls?: number;
  readonly emit?: EmitForm;
  readonly guidance?: GuidancePair;
  /** Strategies by site, in place of what the passes propose. */
  readonly plan?: Readonly<Record<string, string[]>>;
  /** All calls with the same inputs, both halves of a pair alike: every call gives what the source does. */
  readonly identity?: true;
}

const here = import.meta.dirname;
const names = fs
  .readdirSync(here)
  .filter((name) => fs.existsSync(path.join(here, name, 'case.json')));

/** Everything that comes out of a case, by the file it is kept in. */
type Products = Map<string, string>;

const textOf = (model: Model) => {
  const { model: copy } = cloneModel(model);
  sortNodes(copy.graph);
  return printModel(copy, { maxElements: Number.POSITIVE_INFINITY });
};

function compile(source: Model, c: Case) {
  const { passes = [], calls = 1, emit = 'split', sizes, guidance, plan } = c;
  let pipeline = Pipeline.create({
    calls,
    emit,
    sizes,
    ...(guidance && { guidance }),
    ...(plan && { plan: { format: 'stepfold.plan', version: 1, calls, sites: plan } }),
  });
  for (const { pass, options } of passes) pipeline = pipeline.use(shipped[pass]!, options as never);
  return pipeline.compile(source);
}

/** @param keep takes up what the run in onnxruntime needs */
async function produce(source: Model, c: Case, keep: (made: Model | Compilation) => void) {
  const products: Products = new Map();
  try {
    if (c.canonicalize) {
      const { model } = cloneModel(source);
      await canonicalize.run(model);
      products.set('canonical.onnx.txt', textOf(model));
      keep(model);
    } else if (c.extract) {
      const values = (list: string[]) => list.map((name) => named(source, name));
      const { inputs, outputs } = c.extract;
      const piece = extract(source, {
        name: 'piece',
        inputs: values(inputs),
        outputs: values(outputs),
      }).model;
      products.set('piece.onnx.txt', textOf(piece));
      keep(piece);
    } else {
      const compilation = await compile(source, c);
      for (const [id, model] of compilation.lowered.models)
        products.set(`${id}.onnx.txt`, textOf(model));
      products.set('schedule.json', formatSchedule(scheduleOf(compilation)));
      keep(compilation);
    }
  } catch (error) {
    if (!(error instanceof StepfoldError)) throw error;
    products.set('error.txt', `${error.code}\n${error.message}\n${error.details.hint}\n`);
  }
  return products;
}

/** Deterministic inputs that differ from call to call: halves, so that sums are exact. */
function feedsFor(source: Model, sizes: Case['sizes'], call: number): Tensors {
  return Object.fromEntries(
    source.graph.inputs.map(({ name, type }) => {
      const shape = type?.kind === 'tensor' ? type.shape! : [];
      const dims = shape.map((d) => (typeof d === 'number' ? d : sizes[String(d)]!));
      const count = dims.reduce((a, b) => a * b, 1);
      if (type?.kind === 'tensor' && type.elem === 'bool')
        return [name, new ort.Tensor('bool', [call % 2 === 0], dims)];
      const data = Float32Array.from(
        { length: count },
        (_, i) => ((i * 7 + call * 5) % 13) / 2 - 3,
      );
      return [name, new ort.Tensor('float32', data, dims)];
    }),
  );
}

async function run(bytes: Uint8Array, feeds: Tensors): Promise<Tensors> {
  const session = await ort.InferenceSession.create(bytes, EXACT);
  const wanted = Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!]));
  const outputs = (await session.run(wanted)) as Tensors;
  await session.release();
  return outputs;
}

function expectSame(actual: Tensors, expected: Tensors, what: string): void {
  for (const [name, tensor] of Object.entries(expected))
    expect(sameBits(actual[name]!, tensor), `${what}, output "${name}"`).toBe(true);
}

/** The loop, each call with inputs of its own, against the source with the value replaced by hand. */
async function checkLoop(source: Model, compilation: Compilation, c: Case): Promise<void> {
  const site = compilation.plan.sites[0]!;
  const value = site.outputs[0]!.name;
  const outputs = source.graph.outputs.map((v) => v.name);
  const reference = await Reference.create(encodeSorted(source), value, outputs);
  const session = await openSession(compilation);
  let kept: ort.Tensor | undefined;
  for (let call = 0; call < c.calls!; call++) {
    const feeds = feedsFor(source, c.sizes, call);
    const strategy = compilation.plan.rows[call]![0]!;
    let expected: Tensors;
    if (strategy === 'compute') {
      const full = await reference.full(feeds);
      kept = full.inner;
      expected = full.outputs;
      // the whole source, untouched, says the same
      expectSame(expected, await run(encodeSorted(source), feeds), `call ${call} of the source`);
    } else
      expected = await reference.shallow(feeds, strategy === 'zero' ? zerosLike(kept!) : kept!);
    expectSame((await session.run(feeds)) as Tensors, expected, `call ${call}`);
  }
  await session.release();
  await reference.release();
}

async function checkIdentity(source: Model, compilation: Compilation, c: Case): Promise<void> {
  const [name, tensor] = Object.entries(feedsFor(source, c.sizes, 0))[0]!;
  const data = tensor.data as Float32Array;
  const alike = data.map((_, i) => data[i % (data.length / 2)]!);
  const feeds = { [name]: new ort.Tensor('float32', alike, tensor.dims) };
  const expected = Object.values(await run(encodeSorted(source), feeds))[0]!.data as Float32Array;
  const session = await openSession(compilation);
  for (let call = 0; call < c.calls!; call++) {
    const outputs = (await session.run(feeds)) as Tensors;
    const actual = Object.values(outputs)[0]!.data as Float32Array;
    const worst = Math.max(...actual.map((v, i) => Math.abs(v - expected[i]!)));
    expect(worst, `call ${call}`).toBeLessThan(1e-5);
  }
  await session.release();
}

describe.each(names)('%s', (name) => {
  const folder = path.join(here, name);
  const c = JSON.parse(fs.readFileSync(path.join(folder, 'case.json'), 'utf8')) as Case;
  const text = fs.readFileSync(path.join(folder, 'input.onnx.txt'), 'utf8');

  test(c.description, async () => {
    const source = parseModel(text, `${name}/input.onnx.txt`);
    let made: Model | Compilation | undefined;
    const products = await produce(source, c, (m) => {
      made = m;
    });
    const expected = path.join(folder, 'expected');
    if (process.env.UPDATE_GOLDEN) {
      fs.rmSync(expected, { recursive: true, force: true });
      fs.mkdirSync(expected);
      for (const [file, content] of products) fs.writeFileSync(path.join(expected, file), content);
    }
    expect([...products.keys()].sort()).toEqual(fs.readdirSync(expected).sort());
    for (const [file, content] of products)
      expect(content, `${name}/expected/${file}`).toBe(
        fs.readFileSync(path.join(expected, file), 'utf8'),
      );

    if (made && 'lowered' in made) await (c.identity ? checkIdentity : checkLoop)(source, made, c);
    else if (made && c.canonicalize) {
      const feeds = feedsFor(source, c.sizes, 0);
      expectSame(
        await run(encodeSorted(made), feeds),
        await run(encodeSorted(source), feeds),
        name,
      );
    } else if (made && c.extract) {
      for (const call of [0, 1]) {
        let feeds = feedsFor(source, c.sizes, call);
        const inner: Tensors = {};
        for (const value of [...c.extract.inputs, ...c.extract.outputs])
          inner[value] =
            feeds[value] ?? (await run(observing(encodeSorted(source), value), feeds))[value]!;
        feeds = inner;
        const outputs = Object.fromEntries(c.extract.outputs.map((v) => [v, inner[v]!]));
        expectSame(await run(encodeSorted(made), feeds), outputs, name);
      }
    }
  });
});

test('there are cases', () => {
  expect(names.length).toBeGreaterThan(10);
});
