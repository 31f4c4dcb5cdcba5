/**
 * A denoiser of three sites, small enough to be written out again in plain loops (oracle.ts), and a
 * pass for it. Sites 1 and 2 stand side by side, and there is a long skip, so that it is no chain.
 *
 * Site i makes a_i = tanh(W_i (g_i h_i)). Its window is 0.9 W_i (g_i h_i) and what that lacked before.
 */

import { forecastFrom, withForecasts } from '../../../src/compiler/forecast/index.js';
import type { Pass } from '../../../src/compiler/pass/index.js';
import {
  compositeOf,
  type LeafStrategy,
  type PlainSite,
  type Site,
  type SiteBuilder,
  sharedOf,
  strategiesByName,
} from '../../../src/compiler/plan/index.js';
import { float, int } from '../../../src/model/ir/attribute.js';
import type { Model } from '../../../src/model/ir/model.js';
import { createRandom } from '../../../src/runtime/samplers/index.js';
import { modelOf, named } from '../../helpers/text.js';

const WIDTH = 4;
const TOKENS = 2;
export const CLASSES = 5;
export const ORDER = ['reuse', 'window+guidance-share', 'window', 'guidance-share'];

type Matrix = number[][];

/** Weights that float32 holds exactly. */
function weights(seed: number, rows: number, columns: number, scale: number): Matrix {
  const random = createRandom(seed);
  return Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => Math.fround(random.normal() * scale)),
  );
}

export const PROJECTIONS = [11, 12, 13].map((seed) => weights(seed, WIDTH, WIDTH, 0.7));
export const GAINS = [21, 22, 23].map((seed) => weights(seed, 1, WIDTH, 1)[0]!);
export const TABLE = weights(31, CLASSES, WIDTH, 1);
export const LAST = weights(41, WIDTH, WIDTH, 0.5);

const tensor = (name: string, matrix: Matrix) =>
  `float[${matrix.length},${matrix[0]!.length}] ${name} = {${matrix.flat().join(', ')}}`;
const vector = (name: string, values: number[]) =>
  `float[${values.length}] ${name} = {${values.join(', ')}}`;

/** @param batch a size, or a symbol */
export function toyModel(batch: string | number = 'batch'): Model {
  const site = (i: number) => `
    n${i} = Mul (h${i}, g${i})
    s${i} = MatMul (n${i}, w${i})
    a${i} = Tanh (s${i})`;
  return modelOf(`toy (float[${batch},${TOKENS},${WIDTH}] x, float[${batch}] t, int64[${batch}] label)
    => (float[${batch},${TOKENS},${WIDTH}] eps)
  <
    ${PROJECTIONS.map((w, i) => tensor(`w${i}`, w)).join(', ')},
    ${GAINS.map((g, i) => vector(`g${i}`, g)).join(', ')},
    ${tensor('table', TABLE)}, ${tensor('last', LAST)},
    float scale = {0.001}, float half = {0.5}, int64[1] one = {1}, int64[2] both = {1, 2}
  > {
    row = Gather (table, label)
    row3 = Unsqueeze (row, one)
    time = Mul (t, scale)
    time3 = Unsqueeze (time, both)
    embedding = Add (row3, time3)
    h0 = Add (x, embedding)
    ${site(0)}
    h1 = Add (h0, a0)
    [same] h2 = Mul (h1, half)
    ${site(1)}
    ${site(2)}
    k1 = Add (h1, a1)
    k2 = Add (k1, a2)
    skip = Mul (h0, half)
    k3 = Add (k2, skip)
    eps = MatMul (k3, last)
  }`);
}

function halves(b: SiteBuilder, value: ReturnType<SiteBuilder['value']>) {
  const parts = b.graph.addNode({
    opType: 'Split',
    inputs: [value],
    outputs: ['first', 'second'],
    attributes: { axis: int(0) },
  });
  return parts.outputs[0]!;
}

const double = (b: SiteBuilder, value: ReturnType<SiteBuilder['value']>) =>
  b.add({ opType: 'Concat', inputs: [value, value], attributes: { axis: int(0) } });

function toySite(model: Model, i: number, sharing: boolean): Site {
  const [scores, output] = [named(model, `s${i}`), named(model, `a${i}`)];
  const [kept, rest] = [`site.${i}.output`, `site.${i}.rest`];
  const narrow = (b: SiteBuilder) => {
    const factor = b.add({
      opType: 'Constant',
      inputs: [],
      attributes: { value_float: float(0.9) },
    });
    return b.add({ opType: 'Mul', inputs: [b.value(scores), factor] });
  };
  const window = (b: SiteBuilder) => b.add({ opType: 'Add', inputs: [narrow(b), b.state(rest)] });
  const lacking = (b: SiteBuilder, value = b.value(output)) =>
    b.add({ opType: 'Sub', inputs: [value, narrow(b)] });
  const keep: LeafStrategy['writes'] = { [kept]: (b) => b.value(output) };
  const strategies: LeafStrategy[] = [
    {
      name: 'compute',
      description: '',
      reads: [],
      writes: { ...keep, [rest]: (b) => lacking(b) },
    },
    {
      name: 'reuse',
      description: '',
      reads: [kept],
      produce: (b) => [b.state(kept)],
      writes: {},
    },
    {
      name: 'window',
      description: '',
      reads: [rest],
      produce: (b) => [window(b)],
      writes: keep,
    },
    {
      name: 'guidance-share',
      description: '',
      reads: [],
      produce: (b) => [double(b, halves(b, b.value(output)))],
      writes: { ...keep, [rest]: (b) => double(b, halves(b, lacking(b, b.value(output)))) },
    },
    {
      name: 'window+guidance-share',
      description: '',
      reads: [rest],
      produce: (b) => [double(b, halves(b, window(b)))],
      writes: keep,
    },
  ];
  const own = strategies.filter(({ name }) => sharing || !name.endsWith('guidance-share'));
  const part: PlainSite = {
    id: `site.${i}.value`,
    description: '',
    outputs: [output],
    states: [kept, rest].map((id) => ({ id, like: output })),
    strategies: strategiesByName(own),
  };
  const whole: Record<string, string> = {
    'guidance-share': 'compute',
    'window+guidance-share': 'window',
  };
  return {
    id: `site.${i}`,
    description: '',
    outputs: [output],
    parts: [part],
    strategies: strategiesByName(
      own.map(({ name }) => {
        const choice = () => ({ [part.id]: name });
        const strategy = whole[name];
        return strategy
          ? sharedOf(name, '', choice, { strategy, half: 'first' })
          : compositeOf(name, '', choice);
      }),
    ),
  };
}

/** The sites in an order that is not that of the graph. */
export const toyPass: Pass<{ threshold: number; sharing: boolean; order: number }> = {
  name: 'toy',
  description: 'Sites of the toy model.',
  example: 'toy:threshold=0.1',
  options: {
    type: 'object',
    properties: {
      threshold: { type: 'number', default: 0.1, description: 'δ' },
      sharing: { type: 'boolean', default: true, description: 'Offer guidance sharing.' },
      order: { type: 'integer', default: 0, description: 'Of the forecasts offered beside.' },
    },
  },
  calibration: {
    candidates: (site) => ORDER.filter((name) => site.strategies[name]),
    threshold: ({ threshold }) => threshold,
  },
  propose: (context, { sharing, order }) => ({
    sites: [2, 0, 1].map((i) =>
      withForecasts(
        toySite(context.model, i, sharing),
        forecastFrom({ order }, context),
        context.shapes,
      ),
    ),
    entries: {},
  }),
};
