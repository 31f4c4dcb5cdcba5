/** Matrix products and `Einsum`. */

import type { DimExpr } from '../sizes/dim.js';
import { type Operators, product } from './operator.js';
import type { Rule, RuleContext } from './rules/context.js';
import type { Shape } from './rules/facts.js';
import { einsumMacs, gemmMacs, matrixMacs } from './rules/macs.js';

/** Shape of a numpy-style matrix product; the inner sizes have to agree. */
export function matMulShape(c: RuleContext, a: Shape, b: Shape): Shape {
  if (a.length === 0 || b.length === 0) c.fail('a factor is a scalar');
  const inner = b.length === 1 ? b[0] : b.at(-2);
  c.same(a.at(-1) as DimExpr, inner as DimExpr);
  const batch = c.broadcast(a.slice(0, -2), b.slice(0, -2));
  const rows = a.length > 1 ? [a.at(-2) as DimExpr] : [];
  const columns = b.length > 1 ? [b.at(-1) as DimExpr] : [];
  return [...batch, ...rows, ...columns];
}

export const matMul: Rule = (c) => ({
  dtype: c.dtype(0),
  shape: matMulShape(c, c.shape(0), c.shape(1)),
});

export const gemm: Rule = (c) => {
  const matrix = (index: number, transposed: string) => {
    const [first, second] = [c.size(index, 0), c.size(index, 1)] as const;
    return c.number(transposed, 0) ? ([second, first] as const) : ([first, second] as const);
  };
  const [rows, inner] = matrix(0, 'transA');
  const [depth, columns] = matrix(1, 'transB');
  c.same(inner, depth);
  return { dtype: c.dtype(0), shape: [rows, columns] };
};

/** Sizes of an Einsum's letters; `...` stands for axes that broadcast. */
const einsum: Rule = (c) => {
  const equation = (c.text('equation') ?? '').replaceAll(' ', '');
  const [left = '', right] = equation.split('->');
  const sizes = new Map<string, DimExpr>();
  let spread: Shape = [];
  const terms = left.split(',');
  if (terms.length !== c.inputCount) c.fail(`its equation has ${terms.length} terms`);
  terms.forEach((term, input) => {
    const shape = c.shape(input);
    const [before = '', after] = term.split('...');
    const letters = [...before, ...(after ?? '')];
    if (after === undefined ? letters.length !== shape.length : letters.length > shape.length)
      c.fail(`term "${term}" does not fit an input of rank ${shape.length}`);
    const tail = shape.length - (after?.length ?? 0);
    letters.forEach((letter, i) => {
      const size = shape[i < before.length ? i : tail + i - before.length] as DimExpr;
      const known = sizes.get(letter);
      sizes.set(letter, known ? c.broadcastSize(known, size) : size);
    });
    if (after !== undefined) spread = c.broadcast(spread, shape.slice(before.length, tail));
  });
  const result = right ?? implicitOutput(left);
  const shape = [...result.replace('...', '.')].flatMap((letter) =>
    letter === '.'
      ? spread
      : [sizes.get(letter) ?? c.fail(`the letter "${letter}" is in no input`)],
  );
  return { dtype: c.dtype(0), shape };
};

/** Without `->`, the output holds the letters that occur once, in alphabetical order. */
function implicitOutput(left: string): string {
  const letters = [...left.replaceAll('...', '').replaceAll(',', '')];
  const once = letters.filter((l) => letters.indexOf(l) === letters.lastIndexOf(l)).sort();
  return (left.includes('...') ? '...' : '') + once.join('');
}

export const PRODUCT: Operators = {
  MatMul: product(matrixMacs, { required: 2, shape: matMul, batch: 'matrix-product' }),
  Gemm: product(gemmMacs, {
    required: 2,
    defaults: { alpha: 1, beta: 1, transA: 0, transB: 0 },
    shape: gemm,
    batch: 'general-product',
  }),
  Einsum: product(einsumMacs, { required: 1, shape: einsum, batch: 'einsum' }),
};
