/**
 * Writes fixed sizes into a model. Symbols stand for one size wherever they occur, so fixing one
 * input fixes the same symbols in every other declaration. The graph's nodes are not touched;
 * canonicalization afterwards turns the shape arithmetic that became constant into constants.
 */

import {
  invalidSize,
  notATensor,
  rankMismatch,
  sizeConflict,
  symbolConflict,
  unknownInput,
  unknownSymbol,
} from '../../errors/shape.js';
import { subgraphs } from '../ir/attribute.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import { type Dim, tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { symbolsOf } from '../sizes/dim.js';
import { parseDim } from '../sizes/parse.js';
import { evaluate, substitute } from '../sizes/substitute.js';

/**
 * Fixes the shapes of some inputs, such as `{ sample: [2, 4, 64, 64] }`, and with them every symbol
 * in their declared shapes. A size of null stays as it is. Changes the model it is given.
 * @throws SHAPE_UNKNOWN_INPUT, SHAPE_NOT_A_TENSOR, SHAPE_RANK_MISMATCH, SHAPE_INVALID_SIZE,
 *   SHAPE_CONFLICT when a size contradicts the model or another size
 */
export function fixInputShapes(
  model: Model,
  shapes: Readonly<Record<string, readonly (number | null)[]>>,
): void {
  const { graph } = model;
  const symbols = new Map<string, number>();
  const fixed = Object.entries(shapes).map(([name, sizes]) => {
    const input = graph.inputs.find((v) => v.name === name);
    if (!input) throw unknownInput(name, feedable(graph));
    if (input.type && input.type.kind !== 'tensor') throw notATensor(name);
    for (const size of sizes) if (size !== null) checkSize(`the input "${name}"`, size);
    const declared = input.type?.shape ?? sizes.map(() => null);
    if (declared.length !== sizes.length) throw rankMismatch(name, sizes, declared);
    declared.forEach((dim, axis) => {
      const size = sizes[axis];
      if (size != null) bind(symbols, input, axis, dim, size);
    });
    return { input, sizes, declared };
  });
  // Sizes such as batch*2 can be checked only once all symbols are known.
  for (const { input, sizes, declared } of fixed)
    declared.forEach((dim, axis) => {
      const size = sizes[axis];
      const stated = typeof dim === 'string' ? evaluate(parseDim(dim), symbols) : undefined;
      if (size != null && stated !== undefined && stated !== size)
        throw sizeConflict(input.name, axis, size, `${dim} = ${stated}`);
    });
  replaceSymbols(graph, symbols);
  for (const { input, sizes } of fixed)
    if (input.type?.kind === 'tensor') {
      const { elem, shape = [] } = input.type;
      const dims = sizes.map((size, axis) => size ?? shape[axis] ?? null);
      input.type = tensorType(elem, dims);
    }
}

/**
 * Gives symbols a size wherever they are declared, such as `{ batch: 2 }`. Changes the model.
 * @throws SHAPE_UNKNOWN_SYMBOL listing those there are, SHAPE_INVALID_SIZE
 */
export function freezeSymbols(model: Model, sizes: Readonly<Record<string, number>>): void {
  const known = inputSymbols(model);
  for (const [name, size] of Object.entries(sizes)) {
    if (!known.includes(name)) throw unknownSymbol(name, known);
    checkSize(`the symbol "${name}"`, size);
  }
  replaceSymbols(model.graph, new Map(Object.entries(sizes)));
}

/** Symbols in the shapes of the inputs, in order of appearance. */
export function inputSymbols({ graph }: Pick<Model, 'graph'>): string[] {
  const found = new Set<string>();
  for (const { type } of graph.inputs)
    if (type?.kind === 'tensor')
      for (const dim of type.shape ?? [])
        if (typeof dim === 'string') symbolsOf(parseDim(dim), found);
  return [...found];
}

function feedable(graph: Graph): string[] {
  return graph.inputs.filter((v) => !v.initializer).map((v) => v.name);
}

function checkSize(what: string, size: number): void {
  if (!Number.isSafeInteger(size) || size < 1) throw invalidSize(what, size);
}

function bind(
  symbols: Map<string, number>,
  input: Value,
  axis: number,
  dim: Dim,
  size: number,
): void {
  if (typeof dim === 'number' && dim !== size)
    throw sizeConflict(input.name, axis, size, String(dim));
  const name = typeof dim === 'string' ? parseDim(dim).symbolName : undefined;
  if (name === undefined) return;
  const before = symbols.get(name) ?? size;
  if (before !== size) throw symbolConflict(name, before, size);
  symbols.set(name, size);
}

function replaceSymbols(graph: Graph, sizes: ReadonlyMap<string, number>): void {
  for (const value of graph.values()) {
    const { type } = value;
    if (type?.kind !== 'tensor' || !type.shape?.some((d) => typeof d === 'string')) continue;
    const shape = type.shape.map((dim) => {
      if (typeof dim !== 'string' || dim === '') return dim;
      const size = substitute(parseDim(dim), sizes);
      return (
        size.constant ??
        (symbolsOf(size).size === symbolsOf(parseDim(dim)).size ? dim : String(size))
      );
    });
    value.type = tensorType(type.elem, shape);
  }
  for (const node of graph.nodes) for (const inner of subgraphs(node)) replaceSymbols(inner, sizes);
}
