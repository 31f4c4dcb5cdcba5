/** What comes after a command on a bundle: lines that run as they are printed. */
import { findBundle } from '../runtime/model-folder/index.js';
import { readSchedule } from '../runtime/node/index.js';
import { printNext } from './next.js';
import { freeName } from './proposal/output-name.js';
import { nearSource } from './source-model.js';

/** Images; of a loop with guidance, whose halves are not known, what it costs. @param given as on the command line */
export async function printNextAfterProof(given: string): Promise<void> {
  const { guidance, source } = await known(given);
  if (!guidance) printNext('run', given, '-o', freeName('out'));
  else if (source !== undefined) printNext('bench', given, '--against', source);
}

/** The page, measured where that needs nothing that is not known. */
export async function printNextPage(given: string): Promise<void> {
  const { guidance, source } = await known(given);
  const measured = guidance || source === undefined ? [] : ['--against', source];
  printNext('report', given, ...measured, '-o', freeName('report.html'));
}

async function known(given: string) {
  const bundle = findBundle(given);
  const schedule = await readSchedule(bundle);
  return { guidance: schedule.source.guidance, source: nearSource({ given, bundle, schedule }) };
}
