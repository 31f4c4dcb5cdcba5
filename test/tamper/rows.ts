/**
 * Nodes that mix up the rows of a batch of any size, the first axis. All but `exchangeHalves` and `repeatHalf`
 * change nothing of a batch of one.
 */
import { node, type OnnxModel } from './onnx-model.js';

type Change = (model: OnnxModel, value: string) => void;

const FAR = 2 ** 31;

/** Some rows of a value. */
const rows = (m: OnnxModel, from: string, to: string, begin: number, end: number, step = 1) =>
  node('Slice', [from, m.integers(begin), m.integers(end), m.integers(0), m.integers(step)], to);

export const flipRows: Change = (m, value) =>
  m.behind(value, (from, to) => [rows(m, from, to, -1, -FAR, -1)]);

/** Every row is the next one's. */
export const rollRows: Change = (m, value) =>
  m.behind(value, (from, to) => [
    rows(m, from, `${to}.first`, 0, 1),
    rows(m, from, `${to}.others`, 1, FAR),
    node('Concat', [`${to}.others`, `${to}.first`], to, { axis: 0 }),
  ]);

/** Every row is the first one's. */
export const repeatRow: Change = (m, value) =>
  m.behind(value, (from, to) => [
    rows(m, from, `${to}.first`, 0, 1),
    node('Shape', [from], `${to}.shape`),
    node('Expand', [`${to}.first`, `${to}.shape`], to),
  ]);

/** The first row is right, and all others are a little too large. */
export const wrongRows: Change = (m, value) =>
  m.behind(value, (from, to) => [
    rows(m, from, `${to}.first`, 0, 1),
    rows(m, from, `${to}.others`, 1, FAR),
    node('Mul', [`${to}.others`, m.scalar(1.001)], `${to}.larger`),
    node('Concat', [`${to}.first`, `${to}.larger`], to, { axis: 0 }),
  ]);

/** The last row takes the first one's, and all others are right. */
export const wrongLastRow: Change = (m, value) =>
  m.behind(value, (from, to) => [
    rows(m, from, `${to}.first`, 0, 1),
    rows(m, from, `${to}.others`, 0, -1),
    node('Concat', [`${to}.others`, `${to}.first`], to, { axis: 0 }),
  ]);

/** Every row becomes the mean of all. */
export const mixRows: Change = (m, value) =>
  m.behind(value, (from, to) => [
    node('ReduceMean', [from], `${to}.mean`, { axes: [0], keepdims: 1 }),
    node('Shape', [from], `${to}.shape`),
    node('Expand', [`${to}.mean`, `${to}.shape`], to),
  ]);

export const exchangeHalves: Change = (m, value) =>
  m.behind(value, (from, to) => [
    node('Split', [from], [`${to}.one`, `${to}.two`], { axis: 0 }),
    node('Concat', [`${to}.two`, `${to}.one`], to, { axis: 0 }),
  ]);

export const repeatHalf =
  (half: 0 | 1): Change =>
  (m, value) =>
    m.behind(value, (from, to) => {
      const halves = [`${to}.one`, `${to}.two`] as const;
      return [
        node('Split', [from], halves, { axis: 0 }),
        node('Concat', [halves[half], halves[half]], to, { axis: 0 }),
      ];
    });
