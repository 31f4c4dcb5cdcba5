/** What a schedule says and what its files are: `verify` must find every word that is not true. */
import { KINDS } from './kinds/index.js';
import { tryKinds } from './trial.js';

tryKinds([
  ...KINDS['Words that would make a proof lenient'],
  ...KINDS.Files,
  ...KINDS['What the schedule says'],
]);
