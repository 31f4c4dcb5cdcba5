/**
 * Declarations that no longer hold. Tools that change a model's inputs often leave `value_info` as it
 * was: inputs of any batch, and behind them values declared with a batch of 1. onnxruntime believes
 * them where it plans memory for a graph inside a node, and where such a value becomes an input, so
 * they are dropped wherever they say anything else than what is inferred.
 */
import { subgraphs } from '../ir/attribute.js';
import type { Graph } from '../ir/graph.js';
import { type Dim, tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { type DimExpr, equal, hasFreshSymbol, symbolsOf } from '../sizes/dim.js';
import { parseDim } from '../sizes/parse.js';
import { inputSymbols } from './fix.js';
import type { ShapeTable } from './table.js';

/**
 * Drops what is declared of a value that a node makes, where inference contradicts it. Inputs and outputs
 * of graphs keep a type: the inferred one. Inputs of the main graph are believed.
 */
export function dropStaleTypes(graph: Graph, shapes: ShapeTable): void {
  const symbols: Symbols = {
    ofInputs: new Set(inputSymbols({ graph })),
    meaning: new Map(),
    same: sameSizes(shapes),
  };
  for (const value of graph.values())
    if (!value.isGraphInput && !value.initializer) check(value, shapes, symbols);
  finish(graph, shapes, symbols);
}

/** What `value_info` says of inputs and outputs stands in their lists already, or contradicts these. */
function finish(graph: Graph, shapes: ShapeTable, symbols: Symbols): void {
  for (const value of [...graph.inputs, ...graph.outputs]) graph.declared.delete(value);
  for (const node of graph.nodes)
    for (const inner of subgraphs(node)) dropInside(inner, shapes, symbols);
}

interface Symbols {
  readonly ofInputs: ReadonlySet<string>;
  /** What symbols that no input has were found to stand for. */
  readonly meaning: Map<string, DimExpr>;
  readonly same: (a: DimExpr, b: DimExpr) => boolean;
}

/** Equal as expressions, or since some operator fails where they are not. */
function sameSizes({ equalities }: ShapeTable): Symbols['same'] {
  const representative = new Map<string, string>();
  const find = (key: string): string => {
    let at = key;
    for (let next = representative.get(at); next !== undefined; next = representative.get(at))
      at = next;
    return at;
  };
  for (const { kept, other, kind } of equalities) {
    if (kind !== 'required') continue;
    const [a, b] = [find(kept.key), find(other.key)];
    if (a !== b) representative.set(b, a);
  }
  return (a, b) => equal(a, b) || find(a.key) === find(b.key);
}

function dropInside(graph: Graph, shapes: ShapeTable, symbols: Symbols): void {
  for (const value of graph.values()) if (!value.initializer) check(value, shapes, symbols);
  finish(graph, shapes, symbols);
}

function check(value: Value, shapes: ShapeTable, symbols: Symbols): void {
  const { type } = value;
  const shape = shapes.shape(value);
  if (type?.kind !== 'tensor' || !type.shape || !shape) return;
  if (agrees(type.shape, shape, symbols)) return;
  if (value.isGraphInput || value.isGraphOutput) {
    value.type = tensorType(type.elem, shape.map(sizeOf));
    return;
  }
  value.type = undefined;
  value.graph.declared.delete(value);
}

/** What inference made up means nothing outside of it. */
const sizeOf = (size: DimExpr): Dim => (hasFreshSymbol(size) ? null : size.stated);

function agrees(declared: readonly Dim[], inferred: readonly DimExpr[], symbols: Symbols): boolean {
  return (
    declared.length === inferred.length &&
    declared.every((dim, axis) => {
      const size = inferred[axis]!;
      if (dim === null || dim === '' || hasFreshSymbol(size)) return true;
      if (typeof dim === 'number') return dim < 0 || dim === size.constant;
      const stated = parseDim(dim);
      const names = [...symbolsOf(stated)];
      if (names.every((name) => symbols.ofInputs.has(name))) return symbols.same(stated, size);
      const [name] = names;
      if (stated.symbolName === undefined || name === undefined) return true;
      const before = symbols.meaning.get(name);
      if (!before) symbols.meaning.set(name, size);
      return !before || symbols.same(before, size);
    })
  );
}
