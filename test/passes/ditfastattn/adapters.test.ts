/** Attention with adapters beside its projections that were not merged: what reuse, sharing and windows give, in onnxruntime. */
import { expect, test } from 'vitest';
import { ditfastattn } from '../../../passes/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { attentionModel, K_TURNED, TOKENS, WIDTH, weight } from '../../helpers/attention-text.js';
import { openSession, ort } from '../../helpers/compile.js';
import { distance, sessionOf } from '../../helpers/replaced-streams.js';

const adapted = (made: string, from: string, projected: string) => `
  ${made}1 = MatMul (${from}, down)  ${made}2 = MatMul (${made}1, up)
  ${made} = Add (${projected}, ${made}2)`;

const source = attentionModel(
  `${adapted('qa', 'x', 'q')} ${adapted('va', 'x', 'v')}
   ${K_TURNED}  s = MatMul (qa, kt)  p = Softmax <axis = -1> (s)  m = MatMul (p, va)
   w = MatMul (m, wq)
   ${adapted('o', 'm', 'w')}`,
  { constants: `${weight('down', [WIDTH, 2], 7)}, ${weight('up', [2, WIDTH], 8)}` },
);

const drawn = (seed: number) =>
  new ort.Tensor(
    'float32',
    Float32Array.from({ length: 2 * TOKENS * WIDTH }, (_, i) => Math.sin(seed + 1.7 * i)),
    [2, TOKENS, WIDTH],
  );

test.each<[string, (first: Float32Array, now: Float32Array) => Float32Array]>([
  ['reuse', (first) => first],
  [
    'guidance-share',
    (_, now) => {
      const half = now.slice(0, TOKENS * WIDTH);
      return Float32Array.from([...half, ...half]);
    },
  ],
])('%s', async (strategy, expected) => {
  const whole = await sessionOf(source, [], []);
  const compilation = await Pipeline.create({
    calls: 2,
    guidance: { order: 'cond-first', mode: 'batch' },
  })
    .use(ditfastattn, { strategy, interval: 2 } as never)
    .compile(source);
  const session = await openSession(compilation);
  const plain: Float32Array[] = [];
  for (const seed of [1, 2]) {
    const { y } = await whole.run({ x: drawn(seed) });
    plain.push((y as ort.Tensor).data as Float32Array);
    const { y: made } = await session.run({ x: drawn(seed) });
    const right = seed === 1 ? plain[0]! : expected(plain[0]!, plain[1]!);
    const wanted = new ort.Tensor('float32', right, [2, TOKENS, WIDTH]);
    expect(distance(made as ort.Tensor, wanted)).toBeLessThan(1e-5);
  }
  for (const each of [whole, session]) await each.release();
});
