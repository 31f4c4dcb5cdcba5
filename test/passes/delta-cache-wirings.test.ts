/**
 * Δ-DiT on blocks of other wirings than `x + attention(x)`, then `x + feed-forward(x)`: the streams that
 * are kept are those that a person would name, and the emitted models, in every form, are plain loops in
 * onnxruntime over the source model: x + (F(x') - x') in place of F(x), with x' of the last full step.
 */
import { describe, expect, test } from 'vitest';
import { deltaCache } from '../../passes/index.js';
import type { EmitForm } from '../../src/compiler/lower/index.js';
import { Pipeline } from '../../src/compiler/pipeline/index.js';
import type { Model } from '../../src/model/ir/model.js';
import { block, blockModel } from '../helpers/block-text.js';
import { EMITS, openSession, ort } from '../helpers/compile.js';
import { distance, type Feeds, plainLoop, type Stream } from '../helpers/replaced-streams.js';
import { CONSTANTS, INPUTS, ONE_STREAM, TWO_STREAMS } from '../helpers/wirings.js';

const CALLS = 5;

/** Numbers of their own for each call, from a plain generator. */
function spread(count: number, call: number): Float32Array {
  let state = 12345 + call;
  return Float32Array.from({ length: count }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return (state / 2 ** 31 - 0.5) * 3;
  });
}

function feedsOf(call: number): Feeds {
  const numbers = spread(24 + 16, call);
  return {
    x: new ort.Tensor('float32', numbers.subarray(0, 24), [1, 6, 4]),
    c: new ort.Tensor('float32', numbers.subarray(24), [1, 4, 4]),
  };
}

const FEEDS = Array.from({ length: CALLS }, (_, call) => feedsOf(call));

/** A range in place of blocks: which streams are kept, and what the loop then gives, in every form. */
async function check(
  body: string,
  range: string,
  streams: readonly Stream[],
  emits: readonly EmitForm[],
  { inputs, feeds }: { readonly inputs: string; readonly feeds: readonly Feeds[] } = {
    inputs: INPUTS,
    feeds: FEEDS,
  },
) {
  const modelFrom = (text: string): Model => blockModel(text, CONSTANTS, inputs);
  const replaced = Array.from({ length: CALLS }, (_, call) => (call % 2 ? streams : undefined));
  const { outputs, source } = await plainLoop(modelFrom(body), feeds, replaced);
  // what is replaced matters, or any streams would do
  for (const [call, run] of replaced.entries())
    if (run) expect(distance(outputs[call]!, source[call]!)).toBeGreaterThan(0.02);
  for (const emit of emits) {
    const compilation = await Pipeline.create({ calls: CALLS, emit })
      .use(deltaCache, { interval: 2, range })
      .compile(modelFrom(body));
    const [site] = compilation.plan.sites;
    expect(site!.ranges).toEqual({
      delta: streams.map(([from, to]) => ({ from, to, keeps: 'deviation' })),
    });
    const session = await openSession(compilation);
    for (const [call, expected] of outputs.entries()) {
      const { y } = await session.run(feeds[call]!);
      expect(distance(y as ort.Tensor, expected), `${emit}, call ${call}`).toBeLessThan(1e-5);
    }
    await session.release();
  }
}

/** The forms differ in no way that the wiring decides, so each but one range takes one of them. */
const RANGES: readonly (readonly [string, readonly EmitForm[]])[] = [
  ['0', ['split']],
  ['1-2', EMITS],
  ['0-2', ['chain']],
];
const endsOf = (range: string) => {
  const [first, last = first] = range.split('-').map(Number) as [number, number?];
  return [first, last + 1] as const;
};

describe.each(Object.entries(ONE_STREAM))('%s', (_, wired) => {
  const names = ['x', 'h1', 'h2', 'h3'];
  const body = `${[0, 1, 2].map((i) => wired(`b${i}`, names[i]!, names[i + 1]!)).join('')}
    y = MatMul (h3, w)`;

  test.each(RANGES)('blocks %s', async (range, emits) => {
    const [first, end] = endsOf(range);
    await check(body, range, [[names[first]!, names[end]!]], emits);
  });
});

describe.each(Object.entries(TWO_STREAMS))('two streams: %s', (_, wired) => {
  const images = ['x', 'h1', 'h2', 'h3'];
  const texts = ['c', 't1', 't2', 't3'];
  const blocks = [0, 1, 2].map((i) =>
    wired(`b${i}`, images[i]!, texts[i]!, images[i + 1]!, texts[i + 1]!),
  );
  const body = `${blocks.join('')}
    last = Concat <axis = 1> (h3, t3)
    y = MatMul (last, w)`;

  test.each(RANGES)('blocks %s', async (range, emits) => {
    const [first, end] = endsOf(range);
    const streams = [images, texts].map((names) => [names[first]!, names[end]!] as const);
    await check(body, range, streams, emits);
  });
});

describe('blocks in space and along time take turns', () => {
  const inputs = (frames: number) => `float[${frames}, 6, 4] x`;
  const turn = (from: string, to: string) => `${to} = Transpose <perm = [1, 0, 2]> (${from})`;
  const body = `${block('b0', 'x', 'h1')}
    ${turn('h1', 't1')} ${block('b1', 't1', 'u1')} ${turn('u1', 'x2')} ${block('b2', 'x2', 'h3')}
    ${turn('h3', 't3')} ${block('b3', 't3', 'u3')} ${turn('u3', 'x4')}
    y = MatMul (x4, w)`;
  const videoOf = (frames: number) => (_: unknown, call: number) => ({
    x: new ort.Tensor('float32', spread(24 * frames, call), [frames, 6, 4]),
  });
  const video = Array.from({ length: CALLS }, videoOf(2));

  // where a run ends in the other layout, it ends where the stream is in its own again
  test.each([
    ['0', ['x', 'h1']],
    ['1', ['t1', 'u1']],
    ['0-1', ['x', 'x2']],
    ['1-2', ['t1', 't3']],
    ['1-3', ['t1', 'u3']],
    ['0-3', ['x', 'x4']],
  ] as const)('blocks %s', async (range, stream) => {
    await check(body, range, [stream], EMITS, { inputs: inputs(2), feeds: video });
  });

  test('front and rear that overlap enter alike, or are refused', async () => {
    const compile = (blocks: number) =>
      Pipeline.create({ calls: CALLS })
        .use(deltaCache, { interval: 2, blocks })
        .compile(blockModel(body, CONSTANTS, inputs(2)));
    await expect(compile(3)).rejects.toMatchObject({
      code: 'PASS_OPTION',
      message: expect.stringContaining('blocks 0 to 2 and blocks 1 to 3 overlap'),
    });
    expect((await compile(2)).plan.sites).toHaveLength(1);
  });

  test('as many frames as places: shapes do not tell the layouts apart, so blocks stand alone', async () => {
    const six = Pipeline.create({ calls: CALLS }).use(deltaCache, { interval: 2, range: '0-1' });
    await expect(six.compile(blockModel(body, CONSTANTS, inputs(6)))).rejects.toMatchObject({
      code: 'PASS_OPTION',
      message: expect.stringContaining('another stage'),
    });
  });
});
