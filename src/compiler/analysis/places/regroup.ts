/** What lies along axes behind a change of layout: axes are merged and taken apart in their order. */
import {
  constant,
  type DimExpr,
  divideExactly,
  equal,
  multiply,
} from '../../../model/shape/index.js';
import { type Along, type Factor, unknownAlong } from './along.js';

/** Part of the elements' order: a factor, or runs that cannot be taken apart. */
interface Piece {
  readonly size: DimExpr;
  readonly factor: Factor | undefined;
  readonly along: Along;
}

/** From the axes of a value to those of other sizes that the same elements in the same order have. */
export function regrouped(
  before: readonly Along[],
  sizes: readonly DimExpr[],
  after: readonly DimExpr[],
): Along[] {
  const pieces = before.flatMap((along, axis) => piecesOf(along, sizes[axis]!));
  let isKnown = true;
  return after.map((size) => {
    const taken = isKnown && size.constant !== 1 ? take(pieces, size) : [];
    if (!taken) isKnown = false;
    return taken && taken.length > 0 ? joined(taken, size) : unknownAlong(size);
  });
}

const isOne = (size: DimExpr): boolean => size.constant === 1;

function piecesOf(along: Along, size: DimExpr): Piece[] {
  const [run, second] = along;
  if (isOne(size)) return [];
  if (!run || second) return [{ size, factor: undefined, along }];
  return run.filter((factor) => !isOne(factor.size)).map(pieceOf);
}

const pieceOf = (factor: Factor): Piece => ({ size: factor.size, factor, along: [[factor]] });

/** Takes pieces of a size together from the front; undefined where none end there. */
function take(pieces: Piece[], size: DimExpr): Piece[] | undefined {
  const taken: Piece[] = [];
  let so = constant(1);
  for (let next = pieces.shift(); next; next = pieces.shift()) {
    const more = multiply(so, next.size);
    if (equal(more, size)) return [...taken, next];
    if (divideExactly(size, more)) {
      taken.push(next);
      so = more;
      continue;
    }
    const outer = divideExactly(size, so);
    const inner = outer && divideExactly(next.size, outer);
    if (!outer || !inner || !next.factor) return undefined;
    pieces.unshift(pieceOf({ ...next.factor, size: inner, isWhole: false }));
    return [...taken, pieceOf({ ...next.factor, size: outer })];
  }
  return undefined;
}

function joined(pieces: readonly Piece[], size: DimExpr): Along {
  const [only, second] = pieces;
  if (only && !second) return only.along;
  const factors = pieces.flatMap(({ factor }) => factor ?? []);
  return factors.length === pieces.length ? [factors] : unknownAlong(size);
}
