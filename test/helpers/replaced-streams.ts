/**
 * Δ-DiT as plain loops in onnxruntime over the source model, whoever says between which values blocks lie:
 * on a full call every stream is looked at where a run begins and where it ends; on the calls between,
 * what the run makes of it is given instead: x + (F(x') - x').
 */
import { cloneModel } from '../../src/model/ir/clone.js';
import type { Model } from '../../src/model/ir/model.js';
import { tensorType } from '../../src/model/ir/types.js';
import { EXACT, encodeSorted, ort } from './compile.js';
import { named } from './text.js';

/** A stream where a run of blocks begins and where it ends, by names in the source. */
export type Stream = readonly [from: string, to: string];
export type Feeds = Record<string, ort.Tensor>;

export interface PlainLoop {
  readonly outputs: readonly ort.Tensor[];
  /** What the source itself gives. */
  readonly source: readonly ort.Tensor[];
}

/**
 * @param feeds inputs of each call
 * @param replaced for each call the run that is replaced; the first runs all
 */
export async function plainLoop(
  source: Model,
  feeds: readonly Feeds[],
  replaced: readonly (readonly Stream[] | undefined)[],
): Promise<PlainLoop> {
  const [output] = source.graph.outputs.map((value) => value.name) as [string];
  const runs = [...new Set(replaced.filter((run) => run !== undefined))];
  const inputs = new Set(source.graph.inputs.map((value) => value.name));
  const looked = [...new Set(runs.flat(2))].filter((name) => !inputs.has(name));
  const whole = await sessionOf(source, looked, []);
  const without = new Map<readonly Stream[], ort.InferenceSession>();
  for (const run of runs)
    without.set(
      run,
      await sessionOf(
        source,
        [],
        run.map(([, to]) => to),
      ),
    );
  let kept: Feeds = {};
  const loop = { outputs: [] as ort.Tensor[], source: [] as ort.Tensor[] };
  for (const [call, run] of replaced.entries()) {
    const now: Feeds = { ...feeds[call]!, ...((await whole.run(feeds[call]!)) as Feeds) };
    loop.source.push(now[output]!);
    if (!run) {
      kept = now;
      loop.outputs.push(now[output]!);
      continue;
    }
    const given = run.map(([from, to]) => {
      const [x, xThen, fThen] = [now[from]!, kept[from]!, kept[to]!].map(numbersOf);
      const numbers = x!.map((value, i) => value + (fThen![i]! - xThen![i]!));
      return [to, new ort.Tensor('float32', numbers, now[to]!.dims)] as const;
    });
    const all = { ...feeds[call]!, ...Object.fromEntries(given) };
    const made = await without.get(run)!.run(all);
    loop.outputs.push(made[output] as ort.Tensor);
  }
  for (const session of [whole, ...without.values()]) await session.release();
  return loop;
}

/** The source with some values shown, and others given. */
export function sessionOf(source: Model, shown: readonly string[], given: readonly string[]) {
  const { model } = cloneModel(source);
  for (const name of shown) model.graph.addOutput(named(model, name));
  for (const name of given) {
    const value = named(model, name);
    model.graph.rename(value, `${name}.made`);
    model.graph.replaceUses(value, model.graph.addInput(name, tensorType('float32')));
  }
  return ort.InferenceSession.create(encodeSorted(model), EXACT);
}

export const numbersOf = (tensor: ort.Tensor) => tensor.data as Float32Array;

/** The largest difference, as a part of the largest number. */
export function distance(actual: ort.Tensor, expected: ort.Tensor): number {
  const [a, b] = [actual, expected].map(numbersOf) as [Float32Array, Float32Array];
  let [most, largest] = [0, 0];
  for (const [i, value] of b.entries()) {
    most = Math.max(most, Math.abs(value - a[i]!));
    largest = Math.max(largest, Math.abs(value));
  }
  return most / largest;
}
