/** A session planned anew between images: what a session of a bundle made for that loop does, to the bit. */
import { expect, test } from 'vitest';
import { passes } from '../../../passes/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { createRandom } from '../../../src/runtime/samplers/index.js';
import type { DenoiserImage } from '../../../src/runtime/session/index.js';
import { openSession, ort } from '../../helpers/compile.js';
import { UNET } from '../../helpers/composed.js';

const compiled = (calls: number) =>
  Pipeline.create({ calls, engine: false })
    .use(passes.deepcache as never, { branch: 2, interval: 3, order: 1 } as never)
    .compile(loadModel(UNET));

async function loop(image: DenoiserImage): Promise<number[][]> {
  const made: number[][] = [];
  for (const call of image.calls.keys()) {
    const random = createRandom(call + 1).normal;
    const outputs = await image.run({
      sample: new ort.Tensor(
        'float32',
        Float32Array.from({ length: 256 }, random),
        [1, 1, 16, 16],
      ) as never,
      timestep: new ort.Tensor('int64', [BigInt(900 - call)], [1]) as never,
      class_labels: new ort.Tensor('int64', [3n], [1]) as never,
    });
    made.push([...(outputs.out_sample!.data as Float32Array)]);
  }
  return made;
}

test.each([
  [{ steps: 5 }, 5],
  [{ steps: 14, start: 6 }, 8],
  [{ start: 7 }, 3],
])('in a loop of %o', async (request, calls) => {
  const session = await openSession(await compiled(10));
  const own = await openSession(await compiled(calls));
  session.plan(request);
  expect(session.calls).toEqual(own.calls);
  const wanted = await loop(own);
  expect(await loop(session)).toEqual(wanted);
  const image = session.image(request);
  expect(await loop(image)).toEqual(wanted);
  session.plan({});
  expect(session.calls).toHaveLength(10);
  await session.release();
  await own.release();
});

test('what no loop can have is refused, and the session stays as it was', async () => {
  const session = await openSession(await compiled(4));
  for (const [request, code] of [
    [{ steps: 0 }, 'LOOP_STEPS'],
    [{ steps: 2.5 }, 'LOOP_STEPS'],
    [{ steps: 4, start: 4 }, 'LOOP_START'],
    [{ start: -1 }, 'LOOP_START'],
  ] as const)
    expect(() => session.plan(request)).toThrow(expect.objectContaining({ code }));
  expect(session.calls).toHaveLength(4);
  await session.release();
});
