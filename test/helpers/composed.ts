/** Bundles of several passes at once: compiled, proved, and held against one another in every form. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { passes } from '../../passes/index.js';
import { writeBundle } from '../../src/compiler/emit/index.js';
import {
  type Compilation,
  Pipeline,
  type PipelineOptions,
} from '../../src/compiler/pipeline/index.js';
import { COMPUTE, type Plan } from '../../src/compiler/plan/index.js';
import { loadModel } from '../../src/model/onnx/files.js';
import { verifyBundle } from '../../src/node.js';
import type { PlanFile } from '../../src/runtime/schedule/index.js';
import { EMITS, openSession, ort } from './compile.js';
import { relativeDifference, type Tensors } from './injectable.js';

export const UNET = 'samples/digits/digits-unet.onnx';
export const DIT = 'samples/dit-digits/dit-digits.onnx';
const CALLS = 8;
const OUT = 'out_sample';

/**
 * For one loop, unless `fixedLoop` says otherwise: a proof of the others, which the rules of a schedule lead to, takes several
 * times as long, and is made for some of what is composed.
 * @param chosen passes by name, with their options
 */
export function compilePasses(
  file: string,
  chosen: readonly (readonly [name: string, options: object])[],
  loop: Partial<PipelineOptions> = {},
): Promise<Compilation> {
  let pipeline = Pipeline.create({ calls: CALLS, fixedLoop: true, ...loop });
  for (const [name, options] of chosen) pipeline = pipeline.use(passes[name]!, options as never);
  return pipeline.compile(loadModel(file));
}

/** Different inputs for each call, a pair of images and labels. */
function feedsFor(file: string, call: number): Tensors {
  const side = file === UNET ? 16 : 24;
  const sample = Float32Array.from({ length: 2 * side * side }, (_, i) =>
    Math.sin((i + 1) * (1.3 + 0.7 * call) + 0.1 * (i % 17)),
  );
  const integers = (...values: number[]) =>
    new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [2]);
  return {
    sample: new ort.Tensor('float32', sample, [2, 1, side, side]),
    // one timestep for both calls of a step, where there are two
    timestep: integers(900 - 200 * Math.floor(call / 2), 900 - 200 * Math.floor(call / 2)),
    class_labels: integers(call % 10, 10),
  };
}

export async function outputs(file: string, compilation: Compilation): Promise<ort.Tensor[]> {
  const session = await openSession(compilation);
  const results: ort.Tensor[] = [];
  for (let call = 0; call < compilation.plan.calls; call++)
    results.push(((await session.run(feedsFor(file, call))) as Tensors)[OUT]!);
  await session.release();
  return results;
}

export function expectSame(
  actual: readonly ort.Tensor[],
  expected: readonly ort.Tensor[],
  what: string,
) {
  expect(actual).toHaveLength(expected.length);
  for (const [call, tensor] of actual.entries())
    expect(relativeDifference(tensor, expected[call]!), `${what}, call ${call}`).toBeLessThan(1e-5);
}

/**
 * Proves a bundle; its loop must have been compared, since no other check sees what calls keep.
 * @param shapes of inputs
 */
export async function expectProved(
  file: string,
  compilation: Compilation,
  shapes?: Readonly<Record<string, readonly number[]>>,
) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-composed-'));
  writeBundle(compilation, folder, { sourceFile: file, force: true });
  const report = await verifyBundle({
    folder,
    model: file,
    levels: ['disabled'],
    ...(shapes && { shapes }),
  });
  expect(report.checks.filter((check) => !check.passed)).toEqual([]);
  expect(report.passed).toBe(true);
  const looped = report.checks.filter((check) => check.kind === 'loop').length;
  expect(looped).toBeGreaterThanOrEqual(report.loop.combinations);
  expect(looped).toBeGreaterThan(0);
  expect(report.unproved).toEqual([]);
  fs.rmSync(folder, { recursive: true });
}

/**
 * Two passes in both orders: what the given one makes is proved, and the other gives the same at every call, which is another
 * input each time.
 */
export async function expectEitherOrder<T extends string>(
  file: string,
  compileAs: (places: readonly T[]) => Promise<Compilation>,
  places: readonly [T, T],
): Promise<void> {
  const proved = await compileAs(places);
  await expectProved(file, proved);
  const other = await compileAs(places.toReversed());
  expectSame(await outputs(file, other), await outputs(file, proved), 'the other order');
}

/** The other forms give what the first does. */
export async function expectFormsAgree(
  file: string,
  first: Compilation,
  compileAs: (emit: (typeof EMITS)[number]) => Promise<Compilation>,
): Promise<void> {
  const expected = await outputs(file, first);
  for (const emit of EMITS.filter((form) => form !== first.lowered.emit))
    expectSame(await outputs(file, await compileAs(emit)), expected, emit);
}

/** A strategy for every site at every call; the first calls are computed, so that all is kept. */
const plansOver = ({ sites }: Plan, calls: number, computed = 1): fc.Arbitrary<PlanFile> =>
  fc
    .tuple(
      ...sites.map((site) =>
        fc.array(fc.constantFrom(...Object.keys(site.strategies)), {
          minLength: calls - computed,
          maxLength: calls - computed,
        }),
      ),
    )
    .map((columns) => ({
      format: 'stepfold.plan',
      version: 1,
      calls,
      sites: Object.fromEntries(
        sites.map((site, s) => [
          site.id,
          [...Array<string>(computed).fill(COMPUTE), ...columns[s]!],
        ]),
      ),
    }));

/**
 * Some plans over all sites are proved and agree in all forms.
 * @param compileAs with what is given of the loop
 * @param computed calls that compute everything first
 * @param refused a code by which plans may be refused
 */
export async function expectAnyPlan(
  file: string,
  compileAs: (loop: Partial<PipelineOptions>) => Promise<Compilation>,
  { calls, computed = 1, runs, refused }: AnyPlan,
): Promise<void> {
  const { plan } = await compileAs({});
  await fc.assert(
    fc.asyncProperty(plansOver(plan, calls, computed), async (chosen) => {
      // how plans are placed in other loops is what test/compiler/plan proves
      const inForm = (emit: (typeof EMITS)[number]) => compileAs({ plan: chosen, emit });
      const split = await inForm('split').catch((error) => {
        if (refused !== undefined && error.code === refused) return undefined;
        throw error;
      });
      fc.pre(split !== undefined);
      await expectProved(file, split);
      await expectFormsAgree(file, split, inForm);
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? runs), seed: Number(process.env.FUZZ_SEED ?? 1) },
  );
}

interface AnyPlan {
  readonly calls: number;
  readonly computed?: number;
  readonly runs: number;
  readonly refused?: string;
}
