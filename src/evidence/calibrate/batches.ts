/**
 * Images beyond what a model of fixed batch holds: the loop has all of them in one batch, and the model runs
 * several smaller ones, one after another.
 */
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import type { DenoiserCall } from '../../runtime/samplers/index.js';
import { takeRows } from '../measure/rows.js';
import type { CallEvaluator } from './evaluator.js';
import type { Mode } from './modes.js';

/** Sizes of the leading axis. */
export interface Batches {
  /** Of the loop: all images, twice where both halves of a guidance pair are in one batch. */
  readonly rows: number;
  /** Of the model. */
  readonly batch: number;
  /** Whether a batch holds as many rows of either half, the first half in front. */
  readonly pair: boolean;
  /** Inputs that have a row for each image. */
  readonly inputs: ReadonlySet<string>;
}

/** How many there are. */
export const countOf = ({ rows, batch }: Batches): number => Math.ceil(rows / batch);

/**
 * The rows of the loop that are in one of the batches, in their order there. Where the last is not full, it repeats
 * the last image.
 */
function rowsOf({ rows, batch, pair }: Batches, index: number): number[] {
  const halves = pair ? [0, rows / 2] : [0];
  const [each, images] = [batch / halves.length, rows / halves.length];
  return halves.flatMap((start) =>
    Array.from({ length: each }, (_, i) => start + Math.min(index * each + i, images - 1)),
  );
}

/** What each of the batches is fed. */
export function splitFeeds(
  Tensor: TensorConstructor,
  batches: Batches,
  feeds: InferenceSession.FeedsType,
): InferenceSession.FeedsType[] {
  return Array.from({ length: countOf(batches) }, (_, index) => {
    const rows = rowsOf(batches, index);
    return Object.fromEntries(
      Object.entries(feeds).map(([name, tensor]) => [
        name,
        batches.inputs.has(name) ? takeRows(Tensor, tensor as Tensor, rows) : tensor,
      ]),
    );
  });
}

/** One tensor of what each of the batches gave; the first of them where it has no rows of images. */
function joinRows(Tensor: TensorConstructor, batches: Batches, parts: readonly Tensor[]): Tensor {
  const [first] = parts as [Tensor];
  if (first.dims[0] !== batches.batch) return first;
  const data = first.data as Float32Array;
  const size = data.length / batches.batch;
  const joined = new (data.constructor as Float32ArrayConstructor)(batches.rows * size);
  for (const [index, part] of parts.entries())
    for (const [i, row] of rowsOf(batches, index).entries())
      joined.set((part.data as Float32Array).subarray(i * size, (i + 1) * size), row * size);
  return new Tensor(first.type, joined as never, [batches.rows, ...first.dims.slice(1)]);
}

/** Each output of the model, joined. */
export const joinOutputs = (
  Tensor: TensorConstructor,
  batches: Batches,
  results: readonly InferenceSession.ReturnType[],
): InferenceSession.ReturnType =>
  Object.fromEntries(
    Object.keys(results[0]!).map((name) => [
      name,
      joinRows(
        Tensor,
        batches,
        results.map((outputs) => outputs[name] as Tensor),
      ),
    ]),
  );

/** One after another, so that no more than one batch is in memory beside what is kept. */
async function inTurn<T, R>(
  list: readonly T[],
  run: (one: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (const [i, one] of list.entries()) results.push(await run(one, i));
  return results;
}

/** A denoiser without states, called for each of the batches. */
export const inBatches =
  (Tensor: TensorConstructor, batches: Batches, call: DenoiserCall): DenoiserCall =>
  async (feeds, step) => {
    const parts = splitFeeds(Tensor, batches, feeds);
    return joinOutputs(Tensor, batches, await inTurn(parts, (part) => call(part, step)));
  };

/** Runs each call in batches, each of which keeps states of its own. */
export class BatchedEvaluator implements CallEvaluator {
  readonly #each: readonly CallEvaluator[];

  constructor(
    private readonly Tensor: TensorConstructor,
    private readonly batches: Batches,
    evaluator: CallEvaluator,
  ) {
    this.#each = Array.from({ length: countOf(batches) }, (_, i) =>
      i === 0 ? evaluator : evaluator.again(),
    );
  }

  /** Of the model on all images, since that is what a search counts. */
  get evaluations(): number {
    return this.#each.reduce((sum, one) => sum + one.evaluations, 0) / this.#each.length;
  }

  async begin(feeds: InferenceSession.FeedsType, computed: readonly Mode[]): Promise<Tensor> {
    const parts = splitFeeds(this.Tensor, this.batches, feeds);
    return this.#join(await inTurn(this.#each, (one, i) => one.begin(parts[i]!, computed)));
  }

  async attempt(site: number, mode: Mode): Promise<Tensor> {
    return this.#join(await inTurn(this.#each, (one) => one.attempt(site, mode)));
  }

  async fix(site: number, mode: Mode): Promise<void> {
    await inTurn(this.#each, (one) => one.fix(site, mode));
  }

  async end(): Promise<InferenceSession.ReturnType> {
    return joinOutputs(this.Tensor, this.batches, await inTurn(this.#each, (one) => one.end()));
  }

  async replay(
    feeds: InferenceSession.FeedsType,
    modes: readonly Mode[],
  ): Promise<InferenceSession.ReturnType> {
    const parts = splitFeeds(this.Tensor, this.batches, feeds);
    const results = await inTurn(this.#each, (one, i) => one.replay(parts[i]!, modes));
    return joinOutputs(this.Tensor, this.batches, results);
  }

  again(): CallEvaluator {
    return new BatchedEvaluator(this.Tensor, this.batches, this.#each[0]!.again());
  }

  release(): Promise<void> {
    return this.#each[0]!.release();
  }

  #join(parts: readonly Tensor[]): Tensor {
    return joinRows(this.Tensor, this.batches, parts);
  }
}
