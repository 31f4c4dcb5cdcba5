/**
 * Banded attention for a token count known beforehand: a few groups of chunks, one after another, so
 * that the scores of a group are used while they are in the cache. What is stored, once for all layers
 * of a model: the mask of a chunk, and the rows of each chunk's keys, 8 bytes each.
 */

import { integers, stored } from '../../../src/compiler/analysis/index.js';
import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import { int64Tensor } from '../../../src/model/ir/tensor.js';
import type { Value } from '../../../src/model/ir/value.js';
import { attend, attendChunks, type Chunks, inRows } from './attend.js';
import { type Cut, type CutRules, cutOf } from './chunks.js';
import { maskTensor } from './mask.js';
import { concat, leading, node } from './nodes.js';
import type { BandOperands } from './operands.js';

/** [...lead, tokens, size], for a window of `width` tokens per side. */
export function fixedBand(
  b: SiteBuilder,
  operands: BandOperands,
  tokens: number,
  width: number,
  rules?: CutRules,
): Value {
  const cut = cutOf(tokens, width, rules);
  if (!cut) return uncutBand(b, operands, tokens, width);
  const axis = operands.rank - 2;
  const rows = inRows(b, operands);
  const parts = cut.groups.slice(1).map((end, g) => {
    const group: Group = { cut, from: cut.groups[g] as number, end };
    return attendChunks(b, rows, chunksOf(b, operands, group));
  });
  const chunks = parts.length === 1 ? (parts[0] as Value) : concat(b, parts, axis);
  const queries = (cut.groups.at(-1) as number) * cut.chunk;
  // 0 keeps an axis as it is
  const shape = [...Array<number>(axis).fill(0), queries, -1];
  const joined = node(b, 'Reshape', [chunks, integers(b.graph, shape)]);
  return queries > tokens ? leading(b, joined, axis, integers(b.graph, [tokens])) : joined;
}

/** The whole matrix of scores, masked unless the window reaches everywhere. */
function uncutBand(b: SiteBuilder, operands: BandOperands, tokens: number, width: number): Value {
  const { q, k, v } = operands;
  const all: Range = [0, tokens];
  const masks = width >= tokens - 1 ? [] : [bandMask(b, operands, all, all, width)];
  return attend(b, operands, [q, k, v], masks);
}

/** Chunks `from` up to, not including, `end`. */
interface Group {
  readonly cut: Cut;
  readonly from: number;
  readonly end: number;
}

type Range = readonly [from: number, end: number];

const listOf = ([from, end]: Range): number[] =>
  Array.from({ length: end - from }, (_, i) => from + i);

function chunksOf(b: SiteBuilder, operands: BandOperands, { cut, from, end }: Group): Chunks {
  const { tokens, width, chunk } = cut;
  const queries: Range = [0, chunk];
  const keys: Range = [-width, chunk + width];
  const name = `${tokens} ${chunk} ${from} ${end}`;
  /** Positions in the sequence of those that are relative to a chunk, for all chunks. */
  const placed = (range: Range) =>
    listOf([from, end]).flatMap((t) => listOf(range).map((at) => t * chunk + at));
  // what lies beyond the sequence takes the nearest token; its keys are hidden, its queries cut off
  const rows = (range: Range) =>
    stored(b.graph, `rows ${name} ${range}`, () => {
      const nearest = placed(range).map((at) => Math.min(Math.max(at, 0), tokens - 1));
      return int64Tensor(nearest, [end - from, range[1] - range[0]]);
    });
  const beyond = () =>
    stored(b.graph, `beyond ${operands.dtype} ${name} ${keys}`, () => {
      const hidden = placed(keys).map((at) => at < 0 || at >= tokens);
      return maskTensor(operands.dtype, [end - from, 1, keys[1] - keys[0]], hidden);
    });
  const inside = from * chunk >= width && end * chunk + width <= tokens;
  const near = bandMask(b, operands, queries, keys, width);
  return {
    queries: rows(queries),
    keys: rows(keys),
    masks: inside ? [near] : [near, beyond()],
  };
}

/** [queries, keys]: hides the keys that are more than `width` away. */
function bandMask(
  b: SiteBuilder,
  { dtype }: BandOperands,
  queries: Range,
  keys: Range,
  width: number,
): Value {
  return stored(b.graph, `band ${dtype} ${queries} ${keys} ${width}`, () => {
    const columns = listOf(keys);
    const hidden = listOf(queries).flatMap((i) => columns.map((j) => Math.abs(i - j) > width));
    return maskTensor(dtype, [queries[1] - queries[0], columns.length], hidden);
  });
}
