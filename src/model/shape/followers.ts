/**
 * Sizes that follow from others. Exporters give each input symbols of its own, and the graph joins them:
 * what a ControlNet hands over is added to what the U-Net makes at that place. Inference keeps both
 * names, since either could be 1 where values are broadcast; inputs that are made up, and figures, take
 * the size of the other, since any size but that and 1 fails.
 */

import type { Equality } from '../operators/rules/context.js';
import { areDifferent } from '../sizes/bounds.js';
import {
  constant,
  type DimExpr,
  fromTerms,
  hasFreshSymbol,
  multiply,
  subtract,
  symbolsOf,
} from '../sizes/dim.js';
import { divideExactly } from '../sizes/divide.js';
import { evaluate, substitute } from '../sizes/substitute.js';
import type { ShapeTable } from './table.js';

/** By symbol, the size it is taken to have, in symbols that follow from nothing. */
export type Followers = ReadonlyMap<string, DimExpr>;

/**
 * @param order symbols of the inputs: of two that are joined, the one that stands first decides
 */
export function findFollowers({ equalities }: ShapeTable, order: readonly string[]): Followers {
  return new Search(equalities, order).run();
}

class Search {
  private readonly solved = new Map<string, DimExpr>();
  private readonly leaders = new Set<string>();
  private readonly open: Set<string>;
  private pairs: readonly Equality[];

  constructor(
    equalities: readonly Equality[],
    private readonly order: readonly string[],
  ) {
    this.open = new Set(order);
    const distinct = new Map(equalities.map((e) => [`${e.kind} ${e.kept.key} ${e.other.key}`, e]));
    this.pairs = [...distinct.values()];
  }

  run(): Followers {
    this.settle();
    for (const symbol of this.order) {
      if (!this.open.delete(symbol)) continue;
      this.leaders.add(symbol);
      this.settle();
    }
    return this.solved;
  }

  /** Solves what the sizes known so far determine; what an operator requires counts first. */
  private settle(): void {
    for (;;) {
      const found = this.candidates('required') ?? this.candidates('broadcast');
      if (!found) return;
      for (const [symbol, [first, ...others]] of found) {
        // joined with two sizes that are never the same, it can only be broadcast to both
        const size = others.some((other) => areDifferent(first!, other)) ? constant(1) : first!;
        this.solved.set(symbol, size);
        this.open.delete(symbol);
      }
    }
  }

  private candidates(kind: Equality['kind']): Map<string, DimExpr[]> | undefined {
    const found = new Map<string, DimExpr[]>();
    const left: Equality[] = [];
    for (const pair of this.pairs) {
      const sides = [pair.kept, pair.other].map((side) => substitute(side, this.solved));
      const [a, b] = sides as [DimExpr, DimExpr];
      if (this.isKnown(a) && this.isKnown(b)) continue;
      left.push(pair);
      if (pair.kind !== kind) continue;
      const solution = this.solve(a, b) ?? this.solve(b, a);
      if (solution) found.set(solution[0], [...(found.get(solution[0]) ?? []), solution[1]]);
    }
    this.pairs = left;
    return found.size > 0 ? found : undefined;
  }

  private isKnown(size: DimExpr): boolean {
    return [...symbolsOf(size)].every((name) => this.leaders.has(name));
  }

  /** A number of times one open symbol, or such a quotient and what is known, where the other side is known. */
  private solve(side: DimExpr, known: DimExpr): [string, DimExpr] | undefined {
    const [open, another] = side.terms.filter((term) => !this.isKnown(fromTerms([term])));
    const [quotient, more] = open?.factors ?? [];
    if (!open || another || more || quotient?.kind !== 'floor')
      return this.solveProduct(side, known);
    // what a Reshape leaves to its -1 divides without a remainder
    if (!this.isKnown(quotient.denominator)) return undefined;
    const rest = subtract(side, fromTerms([open]));
    const result = divideExactly(subtract(known, rest), open.coefficient);
    return result && this.solveProduct(quotient.numerator, multiply(result, quotient.denominator));
  }

  private solveProduct(side: DimExpr, known: DimExpr): [string, DimExpr] | undefined {
    const [term, more] = side.terms;
    const [atom, another] = term?.factors ?? [];
    if (more || another || atom?.kind !== 'symbol' || !this.open.has(atom.name)) return undefined;
    if (!this.isKnown(known) || hasFreshSymbol(known)) return undefined;
    const size = divideExactly(known, term!.coefficient);
    return size && [atom.name, size];
  }
}

/**
 * Sizes with those that follow from them.
 * @param asked symbols whose sizes stay as they are
 */
export function withFollowers(
  sizes: ReadonlyMap<string, number>,
  followers: Followers | undefined,
  asked: ReadonlySet<string>,
): Map<string, number> {
  const all = new Map(sizes);
  for (const [symbol, size] of followers ?? []) {
    const leader = size.symbolName;
    if (asked.has(symbol) && leader !== undefined && !asked.has(leader))
      all.set(leader, all.get(symbol)!);
  }
  for (const [symbol, size] of followers ?? []) {
    const number = asked.has(symbol) ? undefined : evaluate(size, all);
    if (number !== undefined && number >= 1) all.set(symbol, number);
  }
  return all;
}
