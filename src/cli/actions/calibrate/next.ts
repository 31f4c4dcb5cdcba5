/** What comes after a search of a plan. */
import type { CalibrateArguments } from '../../commands/calibrate.js';
import { keptFlags } from '../../kept-options.js';
import { printNext } from '../../next.js';
import { outputName } from '../../proposal/output-name.js';
import { readingFlags } from '../../reading-flags.js';

export function printNextAfterSearch(args: CalibrateArguments): void {
  if (args.json) return;
  const plugins = (args.plugin ?? []).flatMap((file) => ['--plugin', file]);
  const reading = [...plugins, ...readingFlags(args).flat()];
  const kept = keptFlags(args).flat();
  const bundle = outputName(args.model, 'bundle');
  printNext('transform', args.model, '--plan', args.output, ...reading, ...kept, '-o', bundle);
}
