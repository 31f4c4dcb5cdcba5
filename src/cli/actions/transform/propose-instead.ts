/** What `stepfold transform` answers where neither a pass nor a recipe was given: those that fit the model. */
import { needsChoice } from '../../../errors/index.js';
import type { GuidancePair } from '../../../runtime/schedule/index.js';
import { readRoles, readShapes, readSizes } from '../../arguments.js';
import type { TransformArguments } from '../../commands/transform.js';
import { commandText } from '../../next.js';
import { readPasses } from '../../plugins.js';
import { startStatus } from '../../progress.js';
import { printProposal } from '../../proposal/print.js';
import { proposalFor } from '../../proposal/proposal.js';
import { readingFlags } from '../../reading-flags.js';

/** @throws CLI_ARGUMENT with the first of them, once it has printed all */
export async function proposeInstead(args: TransformArguments): Promise<never> {
  const { guidance: order = 'none', guidanceMode: mode = 'batch' } = args;
  const guidance: GuidancePair | undefined = order === 'none' ? undefined : { order, mode };
  const status = startStatus(args.json);
  status.show(`Reading ${args.model}`);
  const proposal = await proposalFor({
    ...{ model: args.model, output: args.output, reading: readingFlags(args) },
    table: await readPasses(args.plugin),
    shapes: readShapes(args.shape),
    freeze: readSizes('freeze', args.freeze),
    roles: readRoles(args),
    ...(args.calls !== undefined && { calls: args.calls }),
    ...(guidance && { guidance }),
  }).finally(() => status.stop());
  if (!args.json) printProposal(args.model, proposal);
  const [first] = proposal.commands;
  throw needsChoice(first && commandText(first.line.flat()));
}
