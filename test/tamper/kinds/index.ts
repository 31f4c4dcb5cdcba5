/** All kinds of changes by what they are about, as the tests try them and docs/tampering.md lists them. */
import type { Kind } from '../kind.js';
import { BANDS } from './bands.js';
import { BRANCHES } from './branches.js';
import { CALLS } from './calls.js';
import { CLAIMS } from './claims.js';
import { CONDITIONS } from './conditions.js';
import { CONSTANTS } from './constants.js';
import { FILES } from './files.js';
import { HALVES } from './halves.js';
import { LENIENCY } from './leniency.js';
import { LOOPS } from './loops.js';
import { OPERATORS } from './operators.js';
import { OPTIONS } from './options.js';
import { OUTPUTS } from './outputs.js';
import { ROWS } from './rows.js';
import { SLICES } from './slices.js';
import { STATEMENTS } from './statements.js';
import { STATES } from './states.js';
import { TARGETS } from './targets.js';
import { WEIGHTS } from './weights.js';
import { WIRES } from './wires.js';

export const KINDS = {
  'What runs when': CALLS,
  'What is kept from call to call': STATES,
  'Which alternative of a merged model': CONSTANTS,
  'Segments of a chain': WIRES,
  'Rows of the batch': ROWS,
  'Halves of a guidance pair': HALVES,
  'Labels and timesteps': CONDITIONS,
  'Made with other options than the plan says': OPTIONS,
  'Claims that are not true': CLAIMS,
  'Windows of an attention': BANDS,
  'What is cut and joined': SLICES,
  Operators: OPERATORS,
  'Branches inside the models': BRANCHES,
  Outputs: OUTPUTS,
  'Rewrites for an engine': TARGETS,
  'Weights and constants': WEIGHTS,
  'Words that would make a proof lenient': LENIENCY,
  Files: FILES,
  'What the schedule says': STATEMENTS,
  'What other loops run': LOOPS,
} as const satisfies Readonly<Record<string, readonly Kind[]>>;
