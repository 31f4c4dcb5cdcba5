/** A search on a model of fixed batch, which holds fewer images than are compared. */
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import {
  type Batches,
  countOf,
  inTurn,
  joinOutputs,
  joinRows,
  splitFeeds,
} from '../measure/batches.js';
import type { CallEvaluator } from './evaluator.js';
import type { Mode } from './modes.js';

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
