/** A proposal as text: what the model is, then command lines to copy. */
import { brokenCommand, commandText } from '../next.js';
import {
  formatCount,
  formatMacs,
  formatShape,
  heading,
  print,
  printTable,
  printText,
} from '../output.js';
import type { Proposal } from './proposal.js';

/** @param model as it was given */
export function printProposal(model: string, proposal: Proposal): void {
  const { what, inspection, title, commands, notes } = proposal;
  const { inputs, parameters, macs } = inspection;
  print(`${model}: ${what[0] ?? 'Neither a U-Net nor a transformer.'}`);
  print(
    `${formatCount(parameters)} parameters, ${formatMacs(macs.all)} MACs a call; family: ${title}`,
  );
  heading('Inputs');
  printTable(
    ['name', 'type', 'shape', 'role'],
    inputs.map((port) => [port.name, port.type, formatShape(port.shape), port.role ?? '']),
  );
  if (commands.length === 0) printRefused(model, proposal);
  else {
    heading('Commands that fit it');
    for (const command of commands) {
      print(`${command.what}:`);
      printText(brokenCommand(command.line));
      for (const [name, is] of Object.entries(command.replace)) print(`    ${name}: ${is}`);
    }
    for (const note of notes) print(`Note: ${note}.`);
    print('Other settings, with their sources:');
    printText(brokenCommand([['recipes', model]]));
  }
}

function printRefused(model: string, { inspection, refused }: Proposal): void {
  const { inputs, roles } = inspection;
  heading('Nothing fits it');
  for (const { pass, reason } of refused) print(`${pass}: ${reason}.`);
  print();
  print('A denoiser takes a noisy latent and a timestep. If this is one, say which they are:');
  const latent = roles.latent ?? inputs.find(({ shape }) => (shape?.length ?? 0) >= 3)?.name;
  const others = inputs.filter(({ name }) => name !== latent);
  const small = others.find(({ shape }) => (shape?.length ?? 9) <= 1);
  printText(
    brokenCommand([
      [model],
      ...(roles.latent === undefined ? [['--latent', latent ?? 'LATENT']] : []),
      ...(roles.timestep === undefined ? [['--timestep', small?.name ?? 'TIMESTEP']] : []),
    ]),
  );
  print('What was looked for in its graph, and where that ended:');
  print(`  ${commandText(['inspect', model])}`);
}
