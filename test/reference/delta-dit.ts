/**
 * Δ-DiT (Chen et al., arXiv 2406.01125) on the digits transformer, written from its equation: on a full
 * step Δ = F(x) - x is kept of the first and of the last blocks, with x the stream before them; on the
 * steps between, early ones take x + Δ in place of the last blocks, late ones in place of the first.
 * The naive ablation keeps F(x) and takes it as it is.
 */
import { blocksFrom, type Way } from './dit.js';
import { add, type Matrix, subtract } from './numbers.js';
import { DIT } from './weights.js';

/** Blocks `first` to `end - 1`. */
export interface Run {
  readonly first: number;
  readonly end: number;
}

export interface DeltaRule {
  /** Runs of blocks that are replaced in early and in late steps. */
  readonly early: Run;
  readonly late: Run;
  /** First late step. */
  readonly boundary: number;
  /** One full step, then so many less one between. */
  readonly interval: number;
  readonly naive?: boolean;
}

/** The last blocks in early steps, the first in late ones. */
export const frontAndRear = (count: number): Pick<DeltaRule, 'early' | 'late'> => ({
  early: { first: DIT.layers - count, end: DIT.layers },
  late: { first: 0, end: count },
});

/** The same run at every step. */
export const always = (first: number, last: number): DeltaRule => {
  const run = { first, end: last + 1 };
  return { early: run, late: run, boundary: 0, interval: 1 };
};

type Images = readonly Matrix[];

/** One loop, of one half of a guidance pair or of both in one batch. */
export class DeltaDit {
  /** Of the latest full step, by run: what is put in place of it. */
  private readonly kept = new Map<Run, Images>();
  private step = 0;

  constructor(private readonly rule: DeltaRule) {}

  /** The next step. */
  next(): Way {
    const step = this.step++;
    const { early, late, boundary, interval } = this.rule;
    if (step % interval === 0) return (tokens, run) => this.full(tokens, run);
    const replaced = step < boundary ? early : late;
    return (tokens, run) => {
      const before = blocksFrom(0, replaced.first, tokens, run);
      return blocksFrom(replaced.end, DIT.layers, this.instead(replaced, before), run);
    };
  }

  private full(tokens: Images, run: Parameters<Way>[1]): Images {
    /** The stream before each block, and behind the last. */
    const stream = [tokens];
    for (let layer = 0; layer < DIT.layers; layer++) stream.push(run(layer, stream[layer]!));
    for (const kept of [this.rule.early, this.rule.late]) {
      const [x, f] = [stream[kept.first]!, stream[kept.end]!];
      this.kept.set(kept, this.rule.naive ? f : f.map((image, i) => subtract(image, x[i]!)));
    }
    return stream[DIT.layers]!;
  }

  private instead(replaced: Run, x: Images): Images {
    const kept = this.kept.get(replaced);
    if (!kept) throw new Error('no full step came before');
    return this.rule.naive ? kept : x.map((image, i) => add(image, kept[i]!));
  }
}
