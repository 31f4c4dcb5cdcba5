/**
 * Δ-DiT on blocks of other wirings than `x + attention(x)`, then `x + feed-forward(x)`: the streams that
 * are kept are those that a person would name, and the emitted models, in every form, are plain loops in
 * onnxruntime over the source model: x + (F(x') - x') in place of F(x), with x' of the last full step.
 */
import { describe, expect, test } from 'vitest';
import { deltaCache } from '../../passes/index.js';
import type { Model } from '../../src/ir/model.js';
import type { EmitForm } from '../../src/lower/index.js';
import { Pipeline } from '../../src/pipeline/index.js';
import { blockModel } from '../helpers/block-text.js';
import { EMITS, EXACT, encodeSorted, openSession, ort } from '../helpers/compile.js';
import { CONSTANTS, INPUTS, ONE_STREAM, TWO_STREAMS } from '../helpers/wirings.js';

/** A stream where a run of blocks begins and where it ends. */
type Stream = readonly [from: string, to: string];
type Feeds = Record<string, ort.Tensor>;

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

const modelFrom = (body: string, more = '', inputs = INPUTS): Model =>
  blockModel(body, `${CONSTANTS}${more}`, inputs);

const sessionOf = (model: Model) => ort.InferenceSession.create(encodeSorted(model), EXACT);

/** The source with streams given, and with what they are otherwise as outputs. */
async function sessionWith(body: string, given: readonly string[], shown: readonly string[]) {
  let text = body;
  for (const name of given)
    text = text.replace(new RegExp(`(^|\\s)${name} = `), `$1${name}_own = `);
  const inputs = given.map((name) => `, float[1, ${/^[td]/.test(name) ? 4 : 6}, 4] ${name}`);
  const model = modelFrom(text, '', `${INPUTS}${inputs.join('')}`);
  for (const name of shown) model.graph.addOutput(model.graph.find(name)!);
  return sessionOf(model);
}

const numbersOf = (tensor: ort.Tensor) => tensor.data as Float32Array;

const distance = (a: ort.Tensor, b: ort.Tensor) =>
  Math.max(...numbersOf(a).map((value, i) => Math.abs(value - numbersOf(b)[i]!)));

/** What the loop gives: `replaced` says for each call which run is not run. */
async function plainLoop(body: string, replaced: readonly (readonly Stream[] | undefined)[]) {
  const runs = [...new Set(replaced.filter((run) => run !== undefined))];
  const made = [...new Set(runs.flat(2))].filter((name) => name !== 'x' && name !== 'c');
  const whole = await sessionWith(body, [], made);
  const without = new Map(
    await Promise.all(
      runs.map(
        async (run) =>
          [
            run,
            await sessionWith(
              body,
              run.map(([, to]) => to),
              [],
            ),
          ] as const,
      ),
    ),
  );
  let kept: Feeds = {};
  const outputs: ort.Tensor[] = [];
  const source: ort.Tensor[] = [];
  for (const [call, run] of replaced.entries()) {
    const feeds = feedsOf(call);
    const now = { ...feeds, ...((await whole.run(feeds)) as Feeds) };
    source.push(now.y!);
    if (!run) kept = now;
    const given = (run ?? []).map(([from, to]) => {
      const [x, xThen, fThen] = [now[from]!, kept[from]!, kept[to]!].map(numbersOf);
      const numbers = x!.map((value, i) => value + (fThen![i]! - xThen![i]!));
      return [to, new ort.Tensor('float32', numbers, now[to]!.dims)] as const;
    });
    const session = run && without.get(run)!;
    const { y } = session ? await session.run({ ...feeds, ...Object.fromEntries(given) }) : now;
    outputs.push(y!);
  }
  return { outputs, source };
}

/** A range in place of blocks: which streams are kept, and what the loop then gives, in every form. */
async function check(
  body: string,
  range: string,
  streams: readonly Stream[],
  emits: readonly EmitForm[],
) {
  const replaced = Array.from({ length: CALLS }, (_, call) => (call % 2 ? streams : undefined));
  const { outputs, source } = await plainLoop(body, replaced);
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
      const { y } = await session.run(feedsOf(call));
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
