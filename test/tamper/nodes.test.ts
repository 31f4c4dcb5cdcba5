/** Nodes and weights of the models: `verify` must find each that is not the source's. */
import { KINDS } from './kinds/index.js';
import { tryKinds } from './trial.js';

tryKinds([
  ...KINDS['What is cut and joined'],
  ...KINDS.Operators,
  ...KINDS['Branches inside the models'],
  ...KINDS.Outputs,
  ...KINDS['Rewrites for an engine'],
  ...KINDS['Weights and constants'],
]);
