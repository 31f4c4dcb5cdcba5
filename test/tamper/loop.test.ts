/** What runs when, what is kept, chosen and handed on: `verify` must find every change of it. */
import { KINDS } from './kinds/index.js';
import { tryKinds } from './trial.js';

tryKinds([
  ...KINDS['What runs when'],
  ...KINDS['What is kept from call to call'],
  ...KINDS['Which alternative of a merged model'],
  ...KINDS['Segments of a chain'],
]);
