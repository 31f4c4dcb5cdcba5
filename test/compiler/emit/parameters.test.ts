/** Parameters as schedules have them: what a pass says at each call, beside weights that follow from a rule. */
import { expect, test } from 'vitest';
import { COMPUTE, strategiesByName, strategyOf } from '../../../passes/index.js';
import type { Pass } from '../../../src/compiler/pass/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { openSession, ort, scheduleOf } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';

const COMPUTED = [0, 1, 4];

/** Reuses what the Neg made, times a number of its own at each call: the call, and the last one that wrote. */
const scaled: Pass = {
  name: 'scaled',
  description: 'Reuse, scaled.',
  example: 'scaled',
  options: { type: 'object', properties: {} },
  propose({ model, calls }) {
    const value = [...model.graph.nodes].find(({ opType }) => opType === 'Neg')!.output;
    const reuse = strategyOf('reuse', 'take what was kept, scaled', {
      reads: ['kept', 'kept.scale'],
      produce: (b) => [
        b.add({
          opType: 'Mul',
          inputs: [b.state('kept'), b.state('kept.scale')],
          outputs: ['scaled'],
        }),
      ],
    });
    const compute = strategyOf(COMPUTE, 'run it', { writes: { kept: (b) => b.value(value) } });
    return {
      sites: [
        {
          id: 'neg',
          description: 'what the Neg makes',
          outputs: [value],
          states: [{ id: 'kept', like: value }],
          parameters: [
            {
              id: 'kept.scale',
              shape: [1],
              at: ({ call, written }) => [10 * call + written('kept')[0]!],
            },
          ],
          strategies: strategiesByName([compute, reuse]),
        },
      ],
      entries: {
        neg: Array.from({ length: calls }, (_, t) => (COMPUTED.includes(t) ? COMPUTE : 'reuse')),
      },
    };
  },
};

const source = () =>
  modelOf('g (float[2] x) => (float[2] y) { a = Neg (x) b = Relu (a) y = Sub (b, x) }');

test('a parameter without a rule is what its pass says, and the loop is fixed', async () => {
  const compilation = await Pipeline.create({ calls: 6, engine: false })
    .use(scaled)
    .compile(source());
  const { parameters, loop } = scheduleOf(compilation);
  expect(parameters!['kept.scale']).toEqual({
    shape: [1],
    calls: [null, null, [21], [31], null, [54]],
  });
  expect(loop).toEqual({
    steps: 6,
    start: 0,
    fixed: 'what "kept.scale" is at each call follows from no rule',
  });
});

test('and the session feeds it', async () => {
  const session = await openSession(
    await Pipeline.create({ calls: 6, engine: false }).use(scaled).compile(source()),
  );
  let kept: number[] = [];
  for (const [call, scale] of [1, 1, 21, 31, 1, 54].entries()) {
    const x = [call - 3, 2 - call];
    if (COMPUTED.includes(call)) kept = x.map((value) => -value);
    const outputs = await session.run({
      x: new ort.Tensor('float32', Float32Array.from(x), [2]) as never,
    });
    expect([...(outputs.y!.data as Float32Array)]).toEqual(
      x.map((value, i) => Math.max(0, kept[i]! * scale) - value),
    );
  }
  await session.release();
});
