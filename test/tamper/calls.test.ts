/** What runs when: `verify` must find every change of it. */
import { CALLS } from './kinds/calls.js';
import { tryKinds } from './trial.js';

tryKinds(CALLS);
