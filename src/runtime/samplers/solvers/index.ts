/** Every sampler there is: a new one is a file beside this one, and a line here. */
import { ddim } from './ddim.js';
import { deis } from './deis.js';
import { dpmSolver2M, dpmSolver2MSde, dpmSolver3M } from './dpm-solver.js';
import { euler } from './euler.js';
import { eulerAncestral, eulerAncestralFlow } from './euler-ancestral.js';
import { eulerFlow } from './euler-flow.js';
import { heun, heunFlow } from './heun.js';
import { lcm, lcmFlow } from './lcm.js';
import { plms } from './plms.js';
import { uniPc } from './unipc.js';

export const SOLVERS = [
  ddim,
  euler,
  eulerAncestral,
  heun,
  dpmSolver2M,
  dpmSolver2MSde,
  dpmSolver3M,
  uniPc,
  deis,
  plms,
  lcm,
  eulerFlow,
  eulerAncestralFlow,
  heunFlow,
  lcmFlow,
] as const;
