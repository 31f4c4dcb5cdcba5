/** Programs that compute something else than the plan says: ranges, windows and their masks. */
import { BANDS } from './kinds/bands.js';
import { OPTIONS } from './kinds/options.js';
import { tryKinds } from './trial.js';

tryKinds([...OPTIONS, ...BANDS]);
