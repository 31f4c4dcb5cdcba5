/** Programs that do something else than the plan says: ranges, branches, windows and their masks. */
import { KINDS } from './kinds/index.js';
import { tryKinds } from './trial.js';

tryKinds([
  ...KINDS['Made with other options than the plan says'],
  ...KINDS['Claims that are not true'],
  ...KINDS['Windows of an attention'],
]);
