/**
 * Attention within a window for a token count known beforehand: a few groups of chunks, one after another,
 * so that the scores of a group are used while they are in the cache. What is stored, once for all layers
 * of a model: the mask of a chunk, and the rows of each chunk's keys, 8 bytes each.
 */

import { integers, stored } from '../../../src/compiler/analysis/index.js';
import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import { int64Tensor } from '../../../src/model/ir/tensor.js';
import type { Value } from '../../../src/model/ir/value.js';
import { attend, attendChunks, type Chunks, inRows, type Rows } from './attend.js';
import {
  type AxisCut,
  type Cut,
  type CutRules,
  chunkCount,
  chunkSize,
  cutOf,
  reachedOf,
} from './chunks.js';
import {
  besideOf,
  combinations,
  type Field,
  listOf,
  placeOf,
  type Range,
  seesAll,
} from './field.js';
import { maskTensor } from './mask.js';
import { concat, gather, leading, node } from './nodes.js';
import type { BandOperands } from './operands.js';

/** [...lead, tokens, size] */
export function fixedWindow(
  b: SiteBuilder,
  operands: BandOperands,
  field: Field,
  rules?: CutRules,
): Value {
  const cut = cutOf(field, rules);
  if (!cut) return uncut(b, operands, field);
  const axis = operands.rank - 2;
  const rows = inRows(b, operands);
  const parts = cut.groups.slice(1).map((end, g) => {
    const group: Group = { cut, from: cut.groups[g] as number, end };
    return attendChunks(b, rows, chunksOf(b, operands, group));
  });
  const chunks = parts.length === 1 ? (parts[0] as Value) : concat(b, parts, axis);
  const queries = chunkCount(cut.axes) * chunkSize(cut.axes);
  // 0 keeps an axis as it is
  const shape = [...Array<number>(axis).fill(0), queries, -1];
  const joined = node(b, 'Reshape', [chunks, integers(b.graph, shape)]);
  return inSequence(b, rows, cut, joined);
}

/** The whole matrix of scores, masked unless the window reaches everywhere. */
function uncut(b: SiteBuilder, operands: BandOperands, field: Field): Value {
  const { q, k, v } = operands;
  return attend(b, operands, [q, k, v], seesAll(field) ? [] : [wholeMask(b, operands, field)]);
}

function wholeMask(b: SiteBuilder, { dtype }: BandOperands, field: Field): Value {
  const { tokens, axes } = field;
  const places = placesInOrder(field);
  return stored(b.graph, `all ${dtype} ${keyOf(field)}`, () => {
    const hidden = new Array<boolean>(tokens * tokens).fill(false);
    for (const [i, query] of places.entries())
      for (const [j, key] of places.entries())
        if (axes.some(({ reach }, axis) => Math.abs(query[axis]! - key[axis]!) > reach))
          hidden[(field.from + i) * tokens + field.from + j] = true;
    return maskTensor(dtype, [tokens, tokens], hidden);
  });
}

const placesInOrder = ({ axes }: Field): number[][] =>
  combinations(axes.map(({ size }) => listOf([0, size])));

/** What tells fields of one graph apart. */
const keyOf = ({ tokens, from, axes }: Field): string =>
  `${tokens} ${from} ${axes.map(({ size, reach }) => `${size}±${reach}`)}`;

/** Chunks `from` up to, not including, `end`. */
interface Group {
  readonly cut: Cut;
  readonly from: number;
  readonly end: number;
}

function chunksOf(b: SiteBuilder, { dtype }: BandOperands, { cut, from, end }: Group): Chunks {
  const { field, axes } = cut;
  const beside = besideOf(field);
  const queries = axes.map(({ chunk }): Range => [0, chunk]);
  const keys = axes.map(reachedOf);
  const name = `${keyOf(field)} ${axes.map(({ chunk }) => chunk)} ${from} ${end}`;
  const starts = listOf([from, end]).map((t) => startOf(t, axes));
  // what lies beyond an axis takes the nearest place; its keys are hidden, its queries cut off
  const rows = (kind: string, ranges: readonly Range[], besides: readonly number[]) =>
    stored(b.graph, `${kind} ${name}`, () => {
      const relative = combinations(ranges.map(listOf));
      const all = starts.flatMap((start) => [
        ...besides,
        ...relative.map((at) => field.from + placeOf(nearest(start, at, axes), axes)),
      ]);
      return int64Tensor(all, [starts.length, all.length / starts.length]);
    });
  const beyond = () =>
    stored(b.graph, `beyond ${dtype} ${name}`, () => {
      const relative = combinations(keys.map(listOf));
      const hidden = starts.flatMap((start) => [
        ...beside.map(() => false),
        ...relative.map((at) => at.some((x, axis) => isBeyond(start[axis]! + x, axes[axis]!))),
      ]);
      return maskTensor(dtype, [starts.length, 1, hidden.length / starts.length], hidden);
    });
  const near = stored(b.graph, `near ${dtype} ${beside.length} ${axes.map(shapeKey)}`, () =>
    nearMask(dtype, beside.length, axes),
  );
  const inside = starts.every((start) =>
    axes.every(
      (axis, i) =>
        !isBeyond(start[i]! + keys[i]![0], axis) && !isBeyond(start[i]! + keys[i]![1] - 1, axis),
    ),
  );
  return {
    queries: rows('queries', queries, []),
    keys: rows('keys', keys, beside),
    masks: inside ? [near] : [near, beyond()],
  };
}

/** Where chunk t begins on each axis; chunks are counted along the last axis first. */
function startOf(t: number, axes: readonly AxisCut[]): number[] {
  let rest = t;
  return axes
    .toReversed()
    .map(({ count, chunk }) => {
      const part = rest % count;
      rest = (rest - part) / count;
      return part * chunk;
    })
    .reverse();
}

const isBeyond = (at: number, { size }: AxisCut): boolean => at < 0 || at >= size;

const nearest = (start: readonly number[], at: readonly number[], axes: readonly AxisCut[]) =>
  at.map((x, i) => Math.min(Math.max(start[i]! + x, 0), axes[i]!.size - 1));

const shapeKey = (axis: AxisCut): string => `${axis.chunk}±${axis.reach} ${reachedOf(axis)}`;

/** [queries, keys]: hides the keys that are out of a query's reach on some axis. */
function nearMask(
  dtype: BandOperands['dtype'],
  beside: number,
  axes: readonly AxisCut[],
): ReturnType<typeof maskTensor> {
  const queries = combinations(axes.map(({ chunk }) => listOf([0, chunk])));
  const keys = combinations(axes.map((axis) => listOf(reachedOf(axis))));
  const hidden: boolean[] = [];
  for (const query of queries) {
    for (let i = 0; i < beside; i++) hidden.push(false);
    for (const key of keys)
      hidden.push(axes.some(({ reach }, axis) => Math.abs(query[axis]! - key[axis]!) > reach));
  }
  return maskTensor(dtype, [queries.length, beside + keys.length], hidden);
}

/** From the order of chunks to that of the sequence, with what the tokens beside attend to in its place. */
function inSequence(b: SiteBuilder, rows: Rows, cut: Cut, chunks: Value): Value {
  const { field, axes } = cut;
  const axis = rows.rank - 2;
  const beside = besideOf(field);
  if (beside.length === 0 && axes.length === 1) {
    const isLonger = chunkCount(axes) * chunkSize(axes) > field.tokens;
    return isLonger ? leading(b, chunks, axis, integers(b.graph, [field.tokens])) : chunks;
  }
  const all = beside.length === 0 ? chunks : concat(b, [seeingAll(b, rows, beside), chunks], axis);
  const order = stored(b.graph, `order ${keyOf(field)} ${axes.map(({ chunk }) => chunk)}`, () =>
    int64Tensor(sequenceOf(cut, beside)),
  );
  return gather(b, all, order, axis);
}

/** Attention of the tokens beside, to all. */
function seeingAll(b: SiteBuilder, rows: Rows, beside: readonly number[]): Value {
  const queries = gather(b, rows.q, integers(b.graph, beside), rows.rank - 2);
  return attend(b, rows, [queries, rows.k, rows.v], []);
}

/** For each token of the sequence its row among the tokens beside and, behind them, the chunks. */
function sequenceOf({ field, axes }: Cut, beside: readonly number[]): number[] {
  const sequence = new Array<number>(field.tokens);
  beside.forEach((token, row) => {
    sequence[token] = row;
  });
  const counts = axes.map(({ count }) => ({ size: count }));
  const chunks = axes.map(({ chunk }) => ({ size: chunk }));
  placesInOrder(field).forEach((at, place) => {
    const tile = at.map((x, i) => Math.floor(x / axes[i]!.chunk));
    const inside = at.map((x, i) => x % axes[i]!.chunk);
    const row = placeOf(tile, counts) * chunkSize(axes) + placeOf(inside, chunks);
    sequence[field.from + place] = beside.length + row;
  });
  return sequence;
}
