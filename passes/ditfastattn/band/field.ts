/**
 * A window of either kind as one thing: tokens that lie along axes, each of which is seen some places to
 * either side, and tokens beside them that see all and are seen by all. A band has one axis, and nothing beside.
 */
import type { Window } from './operands.js';
import { windowTokens } from './window.js';

export interface FieldAxis {
  readonly size: number;
  /** Places on either side that a query sees. */
  readonly reach: number;
}

export interface Field {
  /** Of the whole sequence. */
  readonly tokens: number;
  /** Place of the first token on the axes; the last axis runs fastest. */
  readonly from: number;
  readonly axes: readonly FieldAxis[];
}

export function fieldOf(window: Window, tokens: number): Field {
  if (!('grid' in window))
    return { tokens, from: 0, axes: [{ size: tokens, reach: windowTokens(window, tokens) }] };
  const { from, sizes, extents } = window.grid;
  const axes = sizes.map((size, i) => ({ size, reach: Math.floor(extents[i]! / 2) }));
  return { tokens, from, axes };
}

export type Range = readonly [from: number, end: number];

export const listOf = ([from, end]: Range): number[] =>
  Array.from({ length: end - from }, (_, i) => from + i);

/** Tokens on the axes. */
export const placesOf = ({ axes }: Field): number =>
  axes.reduce((count, { size }) => count * size, 1);

/** Places in the sequence of the tokens beside. */
export function besideOf(field: Field): number[] {
  const { from, tokens } = field;
  return [...listOf([0, from]), ...listOf([from + placesOf(field), tokens])];
}

/** Does every query see every key? */
export const seesAll = ({ axes }: Field): boolean =>
  axes.every(({ size, reach }) => reach >= size - 1);

/** One of each list, in every way; the last list runs fastest. */
export const combinations = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((made, list) => made.flatMap((some) => list.map((x) => [...some, x])), [[]]);

/** Place on the axes, counted row by row. */
export const placeOf = (at: readonly number[], axes: readonly { size: number }[]): number =>
  at.reduce((place, x, axis) => place * axes[axis]!.size + x, 0);
