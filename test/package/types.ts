/**
 * The public types, as a dependent sees them: this file is only compiled (`npm run types`). What must
 * be an error is marked as expected; it stops compiling when it no longer is one.
 */
import type { InferenceSession } from 'onnxruntime-common';
import { type Compilation, Pipeline, StepfoldError } from 'stepfold';
import {
  generate,
  loadModel,
  openBundle,
  openLoopBundle,
  type VerifyReport,
  verifyBundle,
  writeBundle,
} from 'stepfold/node';
import { type DeepcacheOptions, deepcache, passes } from 'stepfold/passes';
import {
  bundleFromUrl,
  createSampler,
  type DenoiserImage,
  type DenoiserSession,
  type ElementType,
  type Engine,
  type SavedImage,
  type Schedule,
  ScheduledSession,
} from 'stepfold/runtime';
import { expectTypeOf } from 'vitest';

// pipelines: options are those of the pass
const pipeline = Pipeline.create({ calls: 50, emit: 'merged' }).use(deepcache, {
  branch: 2,
  interval: 3,
});
expectTypeOf(pipeline.compile(loadModel('unet.onnx'))).resolves.toEqualTypeOf<Compilation>();
expectTypeOf<DeepcacheOptions['strategy']>().toEqualTypeOf<'reuse' | 'zero'>();
// @ts-expect-error calls must be given
Pipeline.create({});
// @ts-expect-error no such form
Pipeline.create({ calls: 1, emit: 'both' });
// @ts-expect-error a slip in an option's name
pipeline.use(deepcache, { brnch: 2 });
// @ts-expect-error a number as text
pipeline.use(deepcache, { branch: '2' });
expectTypeOf(passes).toBeObject();

// bundles: the schedule is typed from its JSON Schema
export async function bundles(compilation: Compilation, ort: Engine): Promise<void> {
  expectTypeOf(
    writeBundle(compilation, 'bundle', { sourceFile: 'unet.onnx' }),
  ).toEqualTypeOf<Schedule>();
  // @ts-expect-error the source's path is part of the record
  writeBundle(compilation, 'bundle', {});
  expectTypeOf<Schedule['emit']>().toEqualTypeOf<
    'split' | 'merged' | 'chain' | 'stateful' | 'loop'
  >();
  expectTypeOf<Schedule['format']>().toEqualTypeOf<'stepfold.schedule'>();
  expectTypeOf(verifyBundle({ folder: 'b', model: 'm' })).resolves.toEqualTypeOf<VerifyReport>();

  // a session can stand where the engine's own did
  const session: DenoiserSession = await openBundle('bundle', { worker: true });
  const run: (feeds: InferenceSession.FeedsType) => Promise<InferenceSession.ReturnType> = (
    feeds,
  ) => session.run(feeds);
  expectTypeOf(run).toBeFunction();
  expectTypeOf(session.inputNames).toEqualTypeOf<InferenceSession['inputNames']>();
  expectTypeOf(session.reset).returns.toEqualTypeOf<void>();
  expectTypeOf(
    ScheduledSession.create(ort, await bundleFromUrl('https://example.org/bundle/')),
  ).resolves.toExtend<DenoiserSession>();
  // any number of images over one set of models; what is saved is plain
  const image: DenoiserImage = session.image({ newImage: 'error', branches: 2 });
  const saved: SavedImage = structuredClone(await image.save());
  expectTypeOf(session.image({ from: saved }).callIndex).toEqualTypeOf<number>();
  expectTypeOf(saved.states['deep']?.type).toEqualTypeOf<ElementType | undefined>();
  // @ts-expect-error images are taken from sessions
  image.image();
  // @ts-expect-error what was saved is not to be changed
  saved.callIndex = 3;
  // @ts-expect-error the engine is an argument, never a global
  ScheduledSession.create();
}

// loops: samplers are named, feeds are tensors
export async function loops(): Promise<void> {
  const sampler = createSampler('dpm++2m', { steps: 20 });
  // @ts-expect-error no such sampler
  createSampler('dpm');
  const { latent, dims } = await generate(await openLoopBundle('bundle'), {
    sampler,
    seed: 1,
    feeds: {},
  });
  expectTypeOf(latent).toEqualTypeOf<Float32Array>();
  expectTypeOf(dims).toEqualTypeOf<readonly number[]>();
  // numbers may be written out in place of a tensor
  await generate(await openLoopBundle('bundle'), { sampler, seed: 1, feeds: { context: [1, 2] } });
  // @ts-expect-error texts may not
  await generate(await openLoopBundle('bundle'), { sampler, seed: 1, feeds: { context: ['a'] } });
}

// errors carry a code and what they are about
export const describeError = (error: unknown): string =>
  error instanceof StepfoldError ? `${error.code} ${error.details.node ?? ''}` : 'not ours';
