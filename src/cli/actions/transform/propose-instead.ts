/** What `stepfold transform` answers where neither a pass nor a recipe was given: those that fit the model. */
import { needsChoice } from '../../../errors/index.js';
import type { TransformArguments } from '../../commands/transform.js';
import { commandText } from '../../next.js';
import { readPasses } from '../../plugins.js';
import { startStatus } from '../../progress.js';
import { printProposal } from '../../proposal/print.js';
import { proposalFor } from '../../proposal/proposal.js';
import { readingFlags } from '../../reading-flags.js';
import { readRecipeLoop } from '../../recipe-loop.js';

/** @throws CLI_ARGUMENT with the first of them, once it has printed all */
export async function proposeInstead(args: TransformArguments): Promise<never> {
  const status = startStatus(args.json);
  status.show(`Reading ${args.model}`);
  const proposal = await proposalFor({
    ...{ model: args.model, output: args.output, reading: readingFlags(args) },
    table: await readPasses(args.plugin),
    ...readRecipeLoop(args),
  }).finally(() => status.stop());
  if (!args.json) printProposal(args.model, proposal);
  const [first] = proposal.commands;
  throw needsChoice(first && commandText(first.line.flat()));
}
