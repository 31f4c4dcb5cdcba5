/** Blocks given by their numbers. */
import type { TransformerBlock } from '../../src/compiler/analysis/index.js';
import { badOption } from '../../src/errors/index.js';

export const NAME = 'delta-cache';

/**
 * The blocks of a range such as `4-9`, or of one number, by the numbers that `stepfold inspect` shows.
 * @throws PASS_OPTION when it is no such range, or leaves the stage in which it begins
 */
export function readRange(
  text: string,
  stages: readonly (readonly TransformerBlock[])[],
): readonly TransformerBlock[] {
  const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (from === undefined) throw badOption(NAME, 'range', `write it as 4-9, not "${text}"`);
  const [first, last] = [Number(from), Number(to)];
  if (first > last) throw badOption(NAME, 'range', `${first} comes after ${last}`);
  const blocks = stages.flat();
  if (last >= blocks.length)
    throw badOption(
      NAME,
      'range',
      `the model has ${blocks.length} block${blocks.length === 1 ? '' : 's'} (0 to ${blocks.length - 1})`,
    );
  const chosen = blocks.slice(first, last + 1);
  const leaving = chosen.find((block) => block.stage !== chosen[0]!.stage);
  if (leaving)
    throw badOption(
      NAME,
      'range',
      `block ${leaving.index} belongs to another stage than block ${first}, so they are not in a row`,
    );
  return chosen;
}
