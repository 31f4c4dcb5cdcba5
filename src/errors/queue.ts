/** Errors about sharing trials by a queue. */
import { StepfoldError } from './base.js';

const SHAPE = 'redis://[user:password@]host[:port][/database], or rediss:// for TLS';

/** What others say, as the end of a sentence of ours. */
const ended = (why: string): string => `${why.replace(/\.+$/, '')}.`;

export const badQueueUrl = (why: string) =>
  new StepfoldError('QUEUE_URL', `--queue takes an address, and ${why}.`, {
    hint: `Its form is ${SHAPE}.`,
  });

export const noQueuePackage = (name: string, why: string) =>
  new StepfoldError('QUEUE_PACKAGE', `--queue needs the package ${name}: ${ended(why)}`, {
    hint: `Install it beside stepfold: npm install ${name} (with -g where stepfold was).`,
  });

/** @param place without its password */
export const queueDown = (place: string, why: string) =>
  new StepfoldError('QUEUE_DOWN', `"${place}" cannot be reached: ${ended(why)}`, {
    hint: 'See that Redis is running there, and that this machine may connect to it.',
  });

/** @param place without its password */
export const queueRefused = (place: string, why: string) =>
  new StepfoldError('QUEUE_REFUSED', `"${place}" refuses: ${ended(why)}`, {
    hint: 'Check user, password and number of the database, and what the user may do there.',
  });

export const folderOrQueue = () =>
  new StepfoldError('QUEUE_OR_FOLDER', 'A worker takes its trials from a folder or from a queue.', {
    hint: 'Give the folder of a search, or --queue, and not both.',
  });
