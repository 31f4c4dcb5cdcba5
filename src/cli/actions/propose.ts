/** What `stepfold MODEL` does. */
import { passesWith } from '../../../passes/table.js';
import { findBundle, holdsBundle } from '../../runtime/model-folder/index.js';
import { readSchedule } from '../../runtime/node/index.js';
import { callsOf } from '../../runtime/schedule/index.js';
import type { ProposeArguments } from '../commands/propose.js';
import { commandText, printNext } from '../next.js';
import { heading, print, printJson } from '../output.js';
import { startStatus } from '../progress.js';
import { printProposal } from '../proposal/print.js';
import { type Proposal, type ProposalRequest, proposalFor } from '../proposal/proposal.js';
import { readingFlags } from '../reading-flags.js';
import { readRecipeLoop } from '../recipe-loop.js';
import { nearSource } from '../source-model.js';
import { STANDARD_INPUT, withModelFile } from '../standard-input.js';

export const propose = (args: ProposeArguments): Promise<void> =>
  withModelFile(args.model, (file) => proposeFile(args, file));

async function proposeFile(args: ProposeArguments, file: string): Promise<void> {
  if (holdsBundle(args.model)) return describeBundle(args);
  const isInput = args.model === STANDARD_INPUT;
  const proposal = await lookAt(
    {
      model: isInput ? IN_A_FILE : args.model,
      file,
      table: passesWith(),
      reading: readingFlags(args),
      ...readRecipeLoop(args),
    },
    args.json,
  );
  if (args.json) {
    printJson(proposalRecord(args.model, proposal));
    return;
  }
  printProposal(isInput ? IN_A_FILE : args.model, proposal);
  if (isInput) {
    print(`Note: for these commands, write the model to ${IN_A_FILE} first.`);
    return;
  }
  const next = proposal.commands.find(({ replace }) => Object.keys(replace).length === 0);
  if (!next) return;
  print();
  printNext(...next.line.flat());
}

/** What a model that came in is called in commands. */
const IN_A_FILE = 'model.onnx';

async function lookAt(request: ProposalRequest, quiet: boolean): Promise<Proposal> {
  const status = startStatus(quiet);
  status.show(`Reading ${request.model}`);
  return proposalFor(request).finally(() => status.stop());
}

const proposalRecord = (
  file: string,
  { what, inspection, family, commands, notes, refused }: Proposal,
) => ({
  file,
  what,
  inputs: inspection.inputs,
  family: family?.name ?? null,
  commands: commands.map(({ what: does, line, replace }) => ({
    what: does,
    command: commandText(line.flat()),
    replace,
  })),
  notes,
  refused,
});

/** A bundle was made already: what it is, and what is done with one. */
async function describeBundle({ model: given, json }: ProposeArguments): Promise<void> {
  const bundle = findBundle(given);
  const schedule = await readSchedule(bundle);
  const calls = callsOf(schedule);
  const source = nearSource({ given, bundle, schedule });
  const programs = Object.keys(schedule.programs).map((name) => `${calls.of(name).length} ${name}`);
  const against = ['--against', source ?? schedule.source.file];
  const commands = [
    { what: 'Prove it', line: ['verify', given, ...against] },
    { what: 'Make images', line: ['run', given, '-o', 'out'] },
    { what: 'Measure it', line: ['bench', given, ...against] },
    { what: 'Show it as a page', line: ['report', given, ...against] },
  ];
  if (json) {
    printJson({
      file: given,
      bundle,
      calls: calls.length,
      source: schedule.source.file,
      commands: commands.map(({ what, line }) => ({ what, command: commandText(line) })),
    });
    return;
  }
  print(`${given}: a bundle of ${calls.length} calls (${programs.join(', ')})`);
  print(`Made from ${schedule.source.file}${source === undefined ? ', which is not near it' : ''}`);
  heading('What is done with one');
  for (const { what, line } of commands) print(`${what}: ${commandText(line)}`);
  print();
  printNext(...commands[source === undefined ? 1 : 0]!.line);
}
