/** Blocks given by their numbers, as an option of a pass. */
import type { TransformerBlock } from '../src/compiler/analysis/index.js';
import { badOption } from '../src/errors/index.js';

/**
 * The blocks of a range such as `4-9`, or of one number, by the numbers that `stepfold inspect` shows.
 * @param pass its name, whose option `range` it is
 * @param blocks all of the model, in order
 * @throws PASS_OPTION when it is no such range
 */
export function readRange(
  pass: string,
  text: string,
  blocks: readonly TransformerBlock[],
): readonly TransformerBlock[] {
  const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (from === undefined) throw badOption(pass, 'range', `write it as 4-9, not "${text}"`);
  const [first, last] = [Number(from), Number(to)];
  if (first > last) throw badOption(pass, 'range', `${first} comes after ${last}`);
  if (last >= blocks.length)
    throw badOption(
      pass,
      'range',
      `the model has ${blocks.length} block${blocks.length === 1 ? '' : 's'} (0 to ${blocks.length - 1})`,
    );
  return blocks.slice(first, last + 1);
}
