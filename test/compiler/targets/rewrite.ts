/** Rewriting for onnxruntime, held against onnxruntime on the graph as it was given. */
import { expect } from 'vitest';
import {
  applyTarget,
  type Finding,
  onnxruntimeCpu,
  type Target,
} from '../../../src/compiler/targets/index.js';
import { cloneModel } from '../../../src/model/ir/clone.js';
import type { Model } from '../../../src/model/ir/model.js';
import { findViolations } from '../../../src/model/ir/validate.js';
import { EXACT, encodeSorted, ort } from '../../helpers/compile.js';
import { relativeDifference, type Tensors } from '../../helpers/injectable.js';

/** Numbers that are neither small nor alike. */
export function tensor(...dims: number[]): ort.Tensor {
  const count = dims.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: count }, (_, i) => 2 * Math.sin(1.7 * i + 0.01 * i * i));
  return new ort.Tensor('float32', data, dims);
}

/** As many numbers in text form. */
export const list = (count: number, of: (i: number) => number = (i) => 2 * Math.sin(1.7 * i)) =>
  Array.from({ length: count }, (_, i) => of(i).toFixed(4)).join(', ');

async function run(model: Model, feeds: Tensors, level: 'disabled' | 'all'): Promise<Tensors> {
  const session = await ort.InferenceSession.create(encodeSorted(model), {
    ...EXACT,
    graphOptimizationLevel: level,
  });
  const results = (await session.run(feeds)) as Tensors;
  await session.release();
  return results;
}

export interface Rewritten {
  readonly model: Model;
  /** Of what was rewritten. */
  readonly rules: readonly string[];
  /** Why something was not. */
  readonly reasons: readonly string[];
  /** What the engine would not take of what came out. */
  readonly findings: readonly Finding[];
}

/**
 * Rewrites a copy, and holds its results against the source's for each feed. NaN and infinities are where they
 * were.
 */
export const rewrite = (model: Model, ...feeds: readonly Tensors[]): Promise<Rewritten> =>
  rewriteFor(onnxruntimeCpu, model, ...feeds);

/** The same for any target. */
export async function rewriteFor(
  target: Target,
  model: Model,
  ...feeds: readonly Tensors[]
): Promise<Rewritten> {
  const { model: copy } = cloneModel(model);
  const { trace, misses, findings = [] } = applyTarget(copy, target);
  expect(findViolations(copy.graph)).toEqual([]);
  for (const feed of feeds) {
    const expected = await run(model, feed, 'disabled');
    for (const level of ['disabled', 'all'] as const) {
      const results = await run(copy, feed, level);
      expect(Object.keys(results)).toEqual(Object.keys(expected));
      const isExact = level === 'disabled' && trace.every(({ rule }) => TO_THE_BIT.has(rule));
      for (const [name, result] of Object.entries(results))
        if (isExact) expect(result.data).toEqual(expected[name]!.data);
        else expectClose(result, expected[name]!);
    }
  }
  return {
    model: copy,
    rules: trace.map(({ rule }) => rule),
    reasons: misses.map(({ reason }) => reason),
    findings,
  };
}

/** Rules that change no arithmetic. */
const TO_THE_BIT = new Set(['narrow-indices', 'positive-indices', 'operator-set']);

function expectClose(result: ort.Tensor, expected: ort.Tensor): void {
  expect(result.type).toBe(expected.type);
  expect(result.dims).toEqual(expected.dims);
  const [a, b] = [result, expected].map(({ data }) => data as Float32Array);
  const special = (x: number) => (Number.isFinite(x) ? 0 : x);
  expect(Array.from(a!, special)).toEqual(Array.from(b!, special));
  const finite = (data: Float32Array) =>
    new ort.Tensor(
      data.map((x) => (Number.isFinite(x) ? x : 0)),
      [data.length],
    );
  if (b!.some((x) => Number.isFinite(x) && x !== 0))
    expect(relativeDifference(finite(a!), finite(b!))).toBeLessThan(1e-5);
}

/** A near miss is left with this reason, or without where no reason is given. */
export async function expectLeft(
  model: Model,
  reason: RegExp | undefined,
  ...feeds: readonly Tensors[]
): Promise<void> {
  const { rules, reasons } = await rewrite(model, ...feeds);
  expect(rules).toEqual([]);
  expect(reasons).toEqual(reason ? [expect.stringMatching(reason)] : []);
}
