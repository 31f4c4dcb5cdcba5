/** Three blocks in a row are three blocks, in every wiring that there is, and end where a person says. */
import { expect, test } from 'vitest';
import { findAttention } from '../../../src/compiler/analysis/attention/index.js';
import { findBlocks } from '../../../src/compiler/analysis/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { blockModel } from '../../helpers/block-text.js';
import { CONSTANTS, INPUTS, ONE_STREAM, TWO_STREAMS } from '../../helpers/wirings.js';

/** By stage, block and stream. */
function endsIn(body: string) {
  const model = blockModel(body, CONSTANTS, INPUTS);
  const { graph } = model;
  const shapes = inferShapes(model);
  const { stages, refused } = findBlocks(graph, shapes, findAttention(graph, shapes).found);
  expect(refused).toEqual([]);
  return stages.map((stage) =>
    stage.map(({ streams }) => streams.map(({ input, output }) => [input.name, output.name])),
  );
}

const IMAGE = ['x', 'h1', 'h2', 'h3'] as const;
const TEXT = ['c', 't1', 't2', 't3'] as const;
const BLOCKS = [0, 1, 2] as const;

test.each(Object.entries(ONE_STREAM))('%s', (_, block) => {
  const body = BLOCKS.map((i) => block(`b${i}`, IMAGE[i], IMAGE[i + 1]!)).join('');
  expect(endsIn(`${body} y = MatMul (h3, w)`)).toEqual([
    BLOCKS.map((i) => [[IMAGE[i], IMAGE[i + 1]]]),
  ]);
});

const three = (block: (typeof TWO_STREAMS)[string]) =>
  BLOCKS.map((i) => block(`b${i}`, IMAGE[i], TEXT[i], IMAGE[i + 1]!, TEXT[i + 1]!)).join('');

test.each(Object.entries(TWO_STREAMS))('two streams: %s', (_, block) => {
  const body = `${three(block)} both = Concat <axis = 1> (h3, t3) y = MatMul (both, w)`;
  const both = (i: (typeof BLOCKS)[number]) => [
    [IMAGE[i], IMAGE[i + 1]],
    [TEXT[i], TEXT[i + 1]],
  ];
  expect(endsIn(body)).toEqual([BLOCKS.map(both)]);
});

test.each(Object.entries(TWO_STREAMS))(
  'two streams, the image alone in the end: %s',
  (_, block) => {
    const [stage] = endsIn(`${three(block)} y = MatMul (h3, w)`);
    expect(stage!.map((streams) => streams.length)).toEqual([2, 2, 1]);
    expect(stage![2]).toEqual([['h2', 'h3']]);
  },
);
