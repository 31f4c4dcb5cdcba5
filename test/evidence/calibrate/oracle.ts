/**
 * The toy model in plain loops and double precision, and the search as the paper states it: everything
 * is computed from scratch for each candidate. Shares nothing with the compiler but the weights.
 */
import { GAINS, LAST, ORDER, PROJECTIONS, TABLE } from './toy.js';

/** [image][token][feature] */
type Batch = number[][][];
type States = ReadonlyMap<string, Batch>;

export interface Inputs {
  readonly x: Batch;
  readonly t: readonly number[];
  readonly label: readonly number[];
}

const each = (f: (...values: number[]) => number, ...batches: Batch[]): Batch =>
  batches[0]!.map((image, b) =>
    image.map((token, n) => token.map((_, d) => f(...batches.map((batch) => batch[b]![n]![d]!)))),
  );

const times = (batch: Batch, matrix: readonly (readonly number[])[]): Batch =>
  batch.map((image) =>
    image.map((token) =>
      matrix[0]!.map((_, column) =>
        token.reduce((sum, value, row) => sum + value * matrix[row]![column]!, 0),
      ),
    ),
  );

/** The first half of the images, in the place of both. */
const shared = (batch: Batch): Batch => {
  const half = batch.slice(0, batch.length / 2);
  return [...half, ...half];
};

const plus = (a: number, b: number) => a + b;

/** One call: its prediction, and the states after it. */
export function runToy({ x, t, label }: Inputs, row: readonly string[], before: States) {
  const states = new Map(before);
  const site = (i: number, h: Batch): Batch => {
    const scaled = h.map((image) => image.map((token) => token.map((v, d) => v * GAINS[i]![d]!)));
    const scores = times(scaled, PROJECTIONS[i]!);
    const narrow = each((v) => v * 0.9, scores);
    const full = each(Math.tanh, scores);
    const rest = before.get(`rest.${i}`) ?? full;
    const window = each(plus, narrow, rest);
    const lacking = each((a, b) => a - b, full, narrow);
    const keep = (output: Batch, residual?: Batch) => {
      states.set(`output.${i}`, output);
      if (residual) states.set(`rest.${i}`, residual);
      return output;
    };
    const ways: Record<string, () => Batch> = {
      compute: () => keep(full, lacking),
      reuse: () => before.get(`output.${i}`)!,
      window: () => keep(window),
      'guidance-share': () => keep(shared(full), shared(lacking)),
      'window+guidance-share': () => keep(shared(window)),
    };
    return ways[row[i]!]!();
  };
  const h0 = x.map((image, b) =>
    image.map((token) => token.map((v, d) => v + TABLE[label[b]!]![d]! + 0.001 * t[b]!)),
  );
  const h1 = each(plus, h0, site(0, h0));
  const a1 = site(1, h1);
  const a2 = site(
    2,
    each((v) => v / 2, h1),
  );
  const last = each((a, b, c, d) => a + b + c + d / 2, h1, a1, a2, h0);
  return { prediction: times(last, LAST), states };
}

function loss(reference: Batch, actual: Batch): number {
  const [a, b] = [reference.flat(2), actual.flat(2)];
  const terms = a.map((o, k) => {
    const p = b[k]!;
    const ratio = Math.abs(o - p) / (Math.max(Math.abs(o), Math.abs(p)) + 1e-6);
    return Math.min(Math.max(ratio, 0), 10);
  });
  return terms.reduce((sum, term) => sum + term, 0) / terms.length;
}

export interface OracleCall {
  readonly row: string[];
  readonly losses: (number | null)[];
  /** Every loss that was compared, with what it had to stay below. */
  readonly compared: { readonly loss: number; readonly most: number }[];
  readonly tried: string[][];
  readonly prediction: Batch;
}

export class Oracle {
  readonly calls: OracleCall[] = [];
  private states: States = new Map();

  constructor(
    private readonly threshold: number,
    private readonly offered: readonly string[] = ORDER,
  ) {}

  call(inputs: Inputs): Batch {
    const row = PROJECTIONS.map(() => 'compute');
    const losses: (number | null)[] = row.map(() => null);
    const compared: OracleCall['compared'] = [];
    const tried: string[][] = row.map(() => []);
    if (this.calls.length > 0) {
      const reference = runToy(inputs, row, this.states).prediction;
      for (let i = 0; i < row.length; i++) {
        const most = ((i + 1) / row.length) * this.threshold;
        for (const strategy of this.offered) {
          const attempt = row.with(i, strategy);
          const change = loss(reference, runToy(inputs, attempt, this.states).prediction);
          tried[i]!.push(strategy);
          compared.push({ loss: change, most });
          if (change < most) {
            row[i] = strategy;
            losses[i] = change;
            break;
          }
        }
      }
    }
    const { prediction, states } = runToy(inputs, row, this.states);
    this.states = states;
    this.calls.push({ row, losses, compared, tried, prediction });
    return prediction;
  }
}
