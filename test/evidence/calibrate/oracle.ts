/**
 * The toy model in plain loops and double precision, and the search as the paper states it: everything
 * is computed from scratch for each candidate. Shares nothing with the compiler but the weights.
 */
import { GAINS, LAST, ORDER, PROJECTIONS, TABLE } from './toy.js';

/** [image][token][feature] */
type Batch = number[][][];
/** By state, what calls kept, the last first. */
type States = ReadonlyMap<string, readonly { readonly call: number; readonly value: Batch }[]>;

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

/** The polynomial through the last values of a state, by divided differences (Newton), at a call. */
function ahead(values: readonly { call: number; value: Batch }[], call: number): Batch {
  const divided = (list: typeof values): Batch => {
    if (list.length === 1) return list[0]!.value;
    const apart = list[0]!.call - list.at(-1)!.call;
    return each((a, b) => (a - b) / apart, divided(list.slice(0, -1)), divided(list.slice(1)));
  };
  let factor = 1;
  let sum = values[0]!.value;
  for (let n = 1; n < values.length; n++) {
    factor *= call - values[n - 1]!.call;
    const scale = factor;
    sum = each((a, b) => a + scale * b, sum, divided(values.slice(0, n + 1)));
  }
  return sum;
}

/** One call: its prediction, and the states after it. */
export function runToy(
  { x, t, label }: Inputs,
  row: readonly string[],
  before: States,
  { call, order }: { call: number; order: number },
) {
  const states = new Map(before);
  const site = (i: number, h: Batch): Batch => {
    const scaled = h.map((image) => image.map((token) => token.map((v, d) => v * GAINS[i]![d]!)));
    const scores = times(scaled, PROJECTIONS[i]!);
    const narrow = each((v) => v * 0.9, scores);
    const full = each(Math.tanh, scores);
    const [name, forecast] = row[i]!.split('+forecast');
    const kept = (state: string): Batch | undefined => {
      const values = before.get(`${state}.${i}`);
      if (!values) return undefined;
      return forecast === undefined ? values[0]!.value : ahead(values.slice(0, order + 1), call);
    };
    const window = each(plus, narrow, kept('rest') ?? full);
    const lacking = each((a, b) => a - b, full, narrow);
    const keep = (output: Batch, residual?: Batch) => {
      const push = (state: string, value: Batch) =>
        states.set(state, [{ call, value }, ...(before.get(state) ?? [])]);
      push(`output.${i}`, output);
      if (residual) push(`rest.${i}`, residual);
      return output;
    };
    const ways: Record<string, () => Batch> = {
      compute: () => keep(full, lacking),
      reuse: () => kept('output')!,
      window: () => keep(window),
      'guidance-share': () => keep(shared(full), shared(lacking)),
      'window+guidance-share': () => keep(shared(window)),
    };
    return ways[name!]!();
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
    private readonly order = 0,
  ) {}

  /** A strategy and its forecast, where it takes of a state what at least two calls left. */
  private waysOf(strategy: string, site: number): string[] {
    const state = { reuse: 'output', window: 'rest', 'window+guidance-share': 'rest' }[strategy];
    const left = state ? (this.states.get(`${state}.${site}`)?.length ?? 0) : 0;
    return this.order > 0 && left > 1 ? [strategy, `${strategy}+forecast`] : [strategy];
  }

  call(inputs: Inputs): Batch {
    const row = PROJECTIONS.map(() => 'compute');
    const losses: (number | null)[] = row.map(() => null);
    const compared: OracleCall['compared'] = [];
    const tried: string[][] = row.map(() => []);
    const at = { call: this.calls.length, order: this.order };
    if (this.calls.length > 0) {
      const reference = runToy(inputs, row, this.states, at).prediction;
      for (let i = 0; i < row.length; i++) {
        const most = ((i + 1) / row.length) * this.threshold;
        for (const strategy of this.offered) {
          const ways = this.waysOf(strategy, i).map((way) => {
            const attempt = row.with(i, way);
            const change = loss(reference, runToy(inputs, attempt, this.states, at).prediction);
            tried[i]!.push(way);
            compared.push({ loss: change, most });
            return { way, change };
          });
          const [nearest, further] = ways.sort((a, b) => a.change - b.change);
          if (further) compared.push({ loss: nearest!.change, most: further.change });
          if (nearest!.change < most) {
            row[i] = nearest!.way;
            losses[i] = nearest!.change;
            break;
          }
        }
      }
    }
    const { prediction, states } = runToy(inputs, row, this.states, at);
    this.states = states;
    this.calls.push({ row, losses, compared, tried, prediction });
    return prediction;
  }
}
