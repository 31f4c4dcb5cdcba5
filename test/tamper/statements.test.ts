/** What a schedule says and what its files are: `verify` must find every word that is not true. */
import { FILES } from './kinds/files.js';
import { STATEMENTS } from './kinds/statements.js';
import { tryKinds } from './trial.js';

tryKinds([...STATEMENTS, ...FILES]);
