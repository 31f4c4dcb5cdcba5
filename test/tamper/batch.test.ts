/** Rows of the batch, halves of a guidance pair, labels and timesteps: no change of them may pass. */
import { KINDS } from './kinds/index.js';
import { tryKinds } from './trial.js';

tryKinds([
  ...KINDS['Rows of the batch'],
  ...KINDS['Halves of a guidance pair'],
  ...KINDS['Labels and timesteps'],
]);
