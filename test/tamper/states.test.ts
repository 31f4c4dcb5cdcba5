/** What is kept, chosen and handed on: `verify` must find every change of it. */
import { CONSTANTS } from './kinds/constants.js';
import { STATES } from './kinds/states.js';
import { WIRES } from './kinds/wires.js';
import { tryKinds } from './trial.js';

tryKinds([...STATES, ...CONSTANTS, ...WIRES]);
