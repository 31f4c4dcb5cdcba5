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
import { blockModel } from '../helpers/block-text.js';
import { EMITS, openSession, ort } from '../helpers/compile.js';
import { distance, type Feeds, plainLoop, type Stream } from '../helpers/replaced-streams.js';
import { CONSTANTS, INPUTS, ONE_STREAM, TWO_STREAMS } from '../helpers/wirings.js';

const CALLS = 5;

/** Inputs of their own for each call, from a plain generator. */
function feedsOf(call: number): Feeds {
  let state = 12345 + call;
  const numbers = (count: number) =>
    Float32Array.from({ length: count }, () => {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      return (state / 2 ** 31 - 0.5) * 3;
    });
  return {
    x: new ort.Tensor('float32', numbers(24), [1, 6, 4]),
    c: new ort.Tensor('float32', numbers(16), [1, 4, 4]),
  };
}

const modelFrom = (body: string): Model => blockModel(body, CONSTANTS, INPUTS);
const FEEDS = Array.from({ length: CALLS }, (_, call) => feedsOf(call));

/** A range in place of blocks: which streams are kept, and what the loop then gives, in every form. */
async function check(
  body: string,
  range: string,
  streams: readonly Stream[],
  emits: readonly EmitForm[],
) {
  const replaced = Array.from({ length: CALLS }, (_, call) => (call % 2 ? streams : undefined));
  const { outputs, source } = await plainLoop(modelFrom(body), FEEDS, replaced);
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
      const { y } = await session.run(FEEDS[call]!);
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

describe.each(Object.entries(ONE_STREAM))('%s', (_, block) => {
  const names = ['x', 'h1', 'h2', 'h3'];
  const body = `${[0, 1, 2].map((i) => block(`b${i}`, names[i]!, names[i + 1]!)).join('')}
    y = MatMul (h3, w)`;

  test.each(RANGES)('blocks %s', async (range, emits) => {
    const [first, end] = endsOf(range);
    await check(body, range, [[names[first]!, names[end]!]], emits);
  });
});

describe.each(Object.entries(TWO_STREAMS))('two streams: %s', (_, block) => {
  const images = ['x', 'h1', 'h2', 'h3'];
  const texts = ['c', 't1', 't2', 't3'];
  const blocks = [0, 1, 2].map((i) =>
    block(`b${i}`, images[i]!, texts[i]!, images[i + 1]!, texts[i + 1]!),
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
