/** Every sampler there is: a new one is a file beside this one, and a line here. */
import { ddim } from './ddim.js';
import { deis } from './deis.js';
import { dpmSolver2M, dpmSolver3M } from './dpm-solver.js';
import { euler } from './euler.js';
import { eulerFlow } from './euler-flow.js';
import { uniPc } from './unipc.js';

export const SOLVERS = [ddim, euler, dpmSolver2M, dpmSolver3M, uniPc, deis, eulerFlow] as const;
