/** Nodes and weights of the models: `verify` must find each that is not the source's. */
import { BRANCHES } from './kinds/branches.js';
import { OPERATORS } from './kinds/operators.js';
import { OUTPUTS } from './kinds/outputs.js';
import { SLICES } from './kinds/slices.js';
import { WEIGHTS } from './kinds/weights.js';
import { tryKinds } from './trial.js';

tryKinds([...OPERATORS, ...BRANCHES, ...SLICES, ...OUTPUTS, ...WEIGHTS]);
