/** Blocks in a row, given by their numbers. */
import type { TransformerBlock } from '../../src/compiler/analysis/index.js';
import { badOption } from '../../src/errors/index.js';
import { readRange } from '../block-range.js';

export const NAME = 'delta-cache';

/** @throws PASS_OPTION when it is no range, or leaves the stage in which it begins */
export function readRow(
  text: string,
  stages: readonly (readonly TransformerBlock[])[],
): readonly TransformerBlock[] {
  const chosen = readRange(NAME, text, stages.flat());
  const [first] = chosen;
  const leaving = chosen.find((block) => block.stage !== first!.stage);
  if (leaving)
    throw badOption(
      NAME,
      'range',
      `block ${leaving.index} belongs to another stage than block ${first!.index}, so they are not in a row`,
    );
  return chosen;
}
