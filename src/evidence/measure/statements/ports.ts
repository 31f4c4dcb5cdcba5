/** Comparing what a schedule says of a tensor with what a model declares of one. */
import type { Problem } from '../../../errors/index.js';
import type { Value } from '../../../model/ir/value.js';
import { equal, parseDim } from '../../../model/shape/index.js';
import type { Dimension } from '../../../runtime/schedule/index.js';
import { pointer } from '../../../runtime/schedule/pointer.js';

export interface Stated {
  readonly type: string;
  readonly shape: readonly Dimension[];
}

/** How two sizes can agree: by being one, or by one of them being open. */
type Agree = (says: Dimension, declares: Dimension) => boolean;

/** What is open on either side agrees with all; a number is no symbol. */
export const sameSize: Agree = (says, declares) =>
  says === null ||
  declares === null ||
  says === declares ||
  (typeof says === 'string' &&
    typeof declares === 'string' &&
    equal(parseDim(says), parseDim(declares)));

/**
 * The same, where what an exporter made up is open too: a symbol that is none of the inputs', and an expression, which
 * may hold for the sizes that it had in mind alone. What the sizes are shows when the loop runs.
 * @param symbols of the inputs
 */
export const sameKnownSize =
  (symbols: ReadonlySet<string>): Agree =>
  (says, declares) =>
    sameSize(says, declares) || (typeof declares === 'string' && !symbols.has(declares));

/** The same, where symbols of the declaration may have been given numbers, or other names. */
export const fixedSize: Agree = (says, declares) =>
  typeof declares !== 'number' || says === declares;

/**
 * @param keys place of the statement in the schedule
 * @param value nothing is compared with a value of which nothing is declared
 * @param where whose declaration it is, for messages
 */
export function portProblems(
  keys: readonly (string | number)[],
  says: Stated,
  { type }: Value,
  agree: Agree,
  where: string,
): Problem[] {
  if (type?.kind !== 'tensor') return [];
  const problems: Problem[] = [];
  if (type.elem !== 'undefined' && type.elem !== says.type)
    problems.push({
      path: pointer(...keys, 'type'),
      message: `says ${says.type}, where ${where} is ${type.elem}`,
    });
  const { shape } = type;
  if (
    shape &&
    (shape.length !== says.shape.length || !says.shape.every((dim, i) => agree(dim, shape[i]!)))
  )
    problems.push({
      path: pointer(...keys, 'shape'),
      message: `says ${textOf(says.shape)}, where ${where} is ${textOf(shape)}`,
    });
  return problems;
}

const textOf = (shape: readonly Dimension[]) => `[${shape.map((dim) => dim ?? '?').join(', ')}]`;
