/** Rows of the batch, halves of a guidance pair, labels and timesteps: no change of them may pass. */
import { CONDITIONS } from './kinds/conditions.js';
import { HALVES } from './kinds/halves.js';
import { ROWS } from './kinds/rows.js';
import { tryKinds } from './trial.js';

tryKinds([...ROWS, ...HALVES, ...CONDITIONS]);
