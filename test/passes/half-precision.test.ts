/**
 * Differences that passes keep of half-precision values are float32, since the difference of two finite
 * numbers may be more than float16 holds. What must come out is worked out here from what onnxruntime
 * gives for the source: the stream before and behind the blocks are outputs of it.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { deltaCache, ditfastattn } from '../../passes/index.js';
import { Pipeline } from '../../src/compiler/pipeline/index.js';
import { decodeFloat16, encodeFloat16 } from '../../src/io/float16.js';
import { loadModel, saveModel, verifyBundle, writeBundle } from '../../src/node.js';
import type { PlanFile } from '../../src/runtime/schedule/index.js';
import { EMITS, EXACT, encodeSorted, openSession, scheduleOf } from '../helpers/compile.js';
import { modelOf } from '../helpers/text.js';
import { tinyTransformer } from '../helpers/transformers.js';

const TOKENS = 6;
const half = (values: readonly number[]) => [...encodeFloat16(Float32Array.from(values))];

type Type = 'float16' | 'float' | 'bfloat16';

/** 1, 0, -45000 and 60000 in each type; the text form has half precision as bit patterns. */
const NUMBERS: Record<Type, readonly number[]> = {
  float: [1, 0, -45000, 60000],
  float16: half([1, 0, -45000, 60000]),
  bfloat16: [0x3f80, 0, 0xc730, 0x476a],
};

/** Two blocks that each take 45000 from the stream, which begins near 60000 with `from` and ends with `to`. */
function sinking(type: Type, outer: Type = type): string {
  const [one, zero, less, more] = NUMBERS[type];
  const row = (i: number) => [0, 1, 2, 3].map((j) => (i === j ? one : zero)).join(', ');
  const wide = outer === type ? 'Identity' : `Cast <to = 16>`;
  const back = outer === type ? 'Identity' : `Cast <to = 1>`;
  const block = (i: number) => `
    n${i} = LayerNormalization <axis = -1> (h${i}, ones, zeros)
    q${i} = MatMul (n${i}, w)
    k${i} = MatMul (n${i}, w)
    v${i} = MatMul (n${i}, w)
    t${i} = Transpose <perm = [0, 2, 1]> (k${i})
    s${i} = MatMul (q${i}, t${i})
    p${i} = Softmax <axis = -1> (s${i})
    m${i} = MatMul (p${i}, v${i})
    o${i} = MatMul (m${i}, w)
    a${i} = Add (o${i}, less)
    h${i + 1} = Add (h${i}, a${i})`;
  return `g (${outer}[1,${TOKENS},4] x) => (${outer}[1,${TOKENS},4] from, ${outer}[1,${TOKENS},4] to)
  <${type}[4,4] w = {${[0, 1, 2, 3].map(row).join(', ')}},
   ${type}[4] ones = {${Array(4).fill(one).join(', ')}}, ${type}[4] zeros = {${Array(4).fill(zero).join(', ')}},
   ${type}[4] less = {${Array(4).fill(less).join(', ')}},
   ${type}[1] more = {${more}}> {
    x0 = ${wide} (x)
    h0 = Add (x0, more)
    ${block(0)}
    ${block(1)}
    from = ${back} (h0)
    to = ${back} (h2)
  }`;
}

const tensor = (values: Float32Array, dims: readonly number[]) =>
  new ort.Tensor('float16', encodeFloat16(values), dims);

const numbers = ({ data }: ort.Tensor): Float32Array => {
  const { buffer, byteOffset, length } = data as Uint16Array;
  return decodeFloat16(new Uint16Array(buffer as ArrayBuffer, byteOffset, length));
};

/** In no two calls and places the same. */
const input = (call: number) =>
  tensor(
    Float32Array.from({ length: TOKENS * 4 }, (_, i) => 800 * Math.sin(7 * call + i * i)),
    [1, TOKENS, 4],
  );

const compileDelta = (text: string, options: object, emit: (typeof EMITS)[number] = 'split') =>
  Pipeline.create({ calls: 3, emit })
    .use(deltaCache, { interval: 3, range: '0-1', ...options })
    .compile(modelOf(text));

async function runSource(text: string, x: ort.Tensor): Promise<Record<'from' | 'to', ort.Tensor>> {
  const session = await ort.InferenceSession.create(encodeSorted(modelOf(text)), EXACT);
  const results = await session.run({ x });
  await session.release();
  return results as Record<'from' | 'to', ort.Tensor>;
}

describe('Δ-DiT on a stream of float16', () => {
  test.each(EMITS)('is taken, kept and added in float32: %s', async (emit) => {
    const text = sinking('float16');
    const compilation = await compileDelta(text, {}, emit);
    const session = await openSession(compilation);
    const { from, to } = await runSource(text, input(0));
    const [before, behind] = [numbers(from), numbers(to)];
    // finite at both ends, and further apart than float16 goes
    expect(Math.min(...behind.map((v, i) => Math.abs(v - before[i]!)))).toBeGreaterThan(65504);
    for (const call of [0, 1, 2]) {
      const { to: found } = (await session.run({ x: input(call) } as never)) as never as {
        to: ort.Tensor;
      };
      const x = numbers((await runSource(text, input(call))).from);
      // onnxruntime leaves out Casts between nodes, so the last bit at 60000 may differ
      for (const [i, value] of numbers(found).entries())
        expect(Math.abs(value - (x[i]! + (behind[i]! - before[i]!)))).toBeLessThanOrEqual(32);
    }
    await session.release();
    const { states, cost, sites } = scheduleOf(compilation);
    expect(Object.values(states)).toEqual([{ type: 'float32', shape: [1, TOKENS, 4] }]);
    expect(cost?.stateBytes).toBe(4 * TOKENS * 4);
    expect(sites?.blocks?.ranges?.delta).toMatchObject({ keptIn: 'float32' });
  });

  test('verify keeps it so, too', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-half-'));
    try {
      const [model, bundle] = [path.join(folder, 'model.onnx'), path.join(folder, 'bundle')];
      saveModel(modelOf(sinking('float16')), model);
      const { lowered, ...rest } = await Pipeline.create({ calls: 3 })
        .use(deltaCache, { interval: 3, range: '0-1' })
        .compile(loadModel(model));
      writeBundle({ ...rest, lowered }, bundle, { sourceFile: model });
      const report = await verifyBundle({ folder: bundle, model });
      expect(report).toMatchObject({ passed: true, statements: [], unproved: [] });
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });

  test('or in the type of the stream, where that is asked for, which may overflow', async () => {
    const compilation = await compileDelta(sinking('float16'), { precision: 'stream' });
    const { states, cost, sites } = scheduleOf(compilation);
    expect(Object.values(states)).toEqual([{ type: 'float16', shape: [1, TOKENS, 4] }]);
    expect(cost?.stateBytes).toBe(2 * TOKENS * 4);
    expect(sites?.blocks?.ranges?.delta).not.toHaveProperty('keptIn');
    const session = await openSession(compilation);
    await session.run({ x: input(0) } as never);
    const { to } = (await session.run({ x: input(1) } as never)) as never as { to: ort.Tensor };
    expect(numbers(to).some(Number.isFinite)).toBe(false);
    await session.release();
  });

  test('outputs, which are no differences, stay as they are', async () => {
    const { states, sites } = scheduleOf(
      await compileDelta(sinking('float16'), { strategy: 'reuse' }),
    );
    expect(Object.values(states)).toEqual([{ type: 'float16', shape: [1, TOKENS, 4] }]);
    expect(sites?.blocks?.ranges?.reuse).not.toHaveProperty('keptIn');
  });

  test('bfloat16 is half precision, too', async () => {
    const { lowered, ...rest } = await compileDelta(sinking('bfloat16', 'float'), {});
    const { states } = scheduleOf({ ...rest, lowered });
    expect(Object.values(states)).toEqual([{ type: 'float32', shape: [1, TOKENS, 4] }]);
    const casts = [...lowered.models.values()].flatMap(({ graph }) =>
      [...graph.nodes].filter(({ opType, output }) => opType === 'Cast' && output.name !== 'to'),
    );
    // the stream at its begin and end in the one model, at its begin and the sum in the other
    expect(casts.filter(({ output }) => /stepfold/.test(output.name))).toHaveLength(4);
  });

  test('a float32 model has no Cast', async () => {
    for (const precision of [{}, { precision: 'float32' }, { precision: 'stream' }]) {
      const compilation = await compileDelta(sinking('float'), precision);
      for (const { graph } of compilation.lowered.models.values())
        expect([...graph.nodes].filter(({ opType }) => opType === 'Cast')).toEqual([]);
      expect(scheduleOf(compilation).sites?.blocks?.ranges?.delta).not.toHaveProperty('keptIn');
    }
  });
});

/**
 * Attention in which the last token has the key that every query looks for: a band of one token to each
 * side gives the first tokens 60000, all keys give them -60000.
 */
const FAR = `g (float16[1,${TOKENS},3] x) => (float16[1,${TOKENS},3] y)
<float16[3,1] wq = {${half([1, 0, 0])}}, float16[3,1] wk = {${half([0, 1, 0])}},
 float16[3,1] wv = {${half([0, 0, 1])}}, float16[1,3] wo = {${half([1, 0, 0])}}> {
  q = MatMul (x, wq)
  k = MatMul (x, wk)
  v = MatMul (x, wv)
  t = Transpose <perm = [0, 2, 1]> (k)
  s = MatMul (q, t)
  p = Softmax <axis = -1> (s)
  m = MatMul (p, v)
  y = MatMul (m, wo)
}`;

describe('the residual of a window on float16', () => {
  const plan: PlanFile = {
    format: 'stepfold.plan',
    version: 1,
    calls: 2,
    sites: { 'attention.0': ['compute', 'window'] },
  };
  const compileWindow = (text: string, options: object, emit: (typeof EMITS)[number] = 'split') =>
    Pipeline.create({ calls: 2, emit, plan })
      .use(ditfastattn, { window: 1, ...options })
      .compile(modelOf(text));
  const rows = Array.from({ length: TOKENS }, (_, i) =>
    i < TOKENS - 1 ? [1, 0, 60000] : [1, 30, -60000],
  );
  const far = () => ({ x: tensor(Float32Array.from(rows.flat()), [1, TOKENS, 3]) }) as never;
  const last = async (compilation: Awaited<ReturnType<typeof compileWindow>>) => {
    const session = await openSession(compilation);
    const full = (await session.run(far())).y as never as ort.Tensor;
    const windowed = (await session.run(far())).y as never as ort.Tensor;
    await session.release();
    return [numbers(full), numbers(windowed)] as const;
  };

  test.each(EMITS)('is float32: %s', async (emit) => {
    const compilation = await compileWindow(FAR, {}, emit);
    const [full, windowed] = await last(compilation);
    expect([full[0], full.at(-3)]).toEqual([-60000, -60000]);
    // on equal inputs a band and what it lacked is the whole
    expect([...windowed]).toEqual([...full]);
    const { states, sites } = scheduleOf(compilation);
    expect(Object.values(states).map(({ type }) => type)).toEqual(['float32']);
    expect(sites?.['attention.0']?.attention?.keptIn).toBe('float32');
  });

  test('or of the type of the attention, where that is asked for', async () => {
    const compilation = await compileWindow(FAR, { precision: 'stream' });
    const [, windowed] = await last(compilation);
    expect(Number.isFinite(windowed[0])).toBe(false);
    const { states, sites } = scheduleOf(compilation);
    expect(Object.values(states).map(({ type }) => type)).toEqual(['float16']);
    expect(sites?.['attention.0']?.attention).not.toHaveProperty('keptIn');
  });

  test.each(['batch', 'two-calls'] as const)('halves of a pair, %s', async (mode) => {
    const calls = mode === 'batch' ? 3 : 6;
    const row =
      mode === 'batch'
        ? ['guidance-share', 'window', 'window+guidance-share']
        : ['compute', 'guidance-share', 'window', 'window', 'window', 'window+guidance-share'];
    const compilation = await Pipeline.create({
      calls,
      guidance: { order: 'cond-first', mode },
      plan: { ...plan, calls, sites: { 'attention.0': row } },
    })
      .use(ditfastattn, { window: 1 })
      .compile(modelOf(tinyTransformer({ layers: 1, type: 'float16' })));
    const residuals = Object.entries(scheduleOf(compilation).states)
      .filter(([id]) => id.includes('residual'))
      .map(([, { type }]) => type);
    expect(new Set(residuals)).toEqual(new Set(['float32']));
    const session = await openSession(compilation);
    const random = (length: number, dims: number[]) =>
      tensor(
        Float32Array.from({ length }, (_, i) => Math.sin(i * i)),
        dims,
      );
    const feeds = { x: random(80, [2, 10, 4]), c: random(8, [2, 4]) } as never;
    for (let call = 0; call < calls; call++) {
      const { eps } = (await session.run(feeds)) as never as { eps: ort.Tensor };
      expect(numbers(eps).every(Number.isFinite)).toBe(true);
    }
    await session.release();
  });
});
