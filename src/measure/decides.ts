/** Whether a model decides something by the timestep, so that a few timesteps do not show all that it does. */
import { subgraphs } from '../ir/attribute.js';
import type { Model } from '../ir/model.js';
import { isOp } from '../ir/node.js';
import type { Schedule } from '../schedule/index.js';
import { DataFlow } from './claims/data-flow.js';

const DECIDING = [
  'Where',
  'Less',
  'LessOrEqual',
  'Greater',
  'GreaterOrEqual',
  'Equal',
  'Clip',
  'Min',
  'Max',
  'Sign',
  'Floor',
  'Ceil',
  'Round',
  'Relu',
];

/** Operators that mix the timestep into everything: what is decided behind them is decided by pixels. */
const MIXING = ['MatMul', 'Gemm', 'Conv', 'Sin', 'Cos', 'Gather'];

export function decidesByTimestep({ graph }: Model, { source }: Schedule): boolean {
  const timestep = graph.inputs.find(({ name }) => name === source.roles?.timestep);
  if (!timestep) return false;
  const flow = new DataFlow(graph);
  const met = new Set([timestep]);
  for (const value of met)
    for (const node of flow.readersOf(value)) {
      if (isOp(node, ...DECIDING) || subgraphs(node).length > 0) return true;
      if (!isOp(node, ...MIXING)) for (const made of node.outputs) if (made) met.add(made);
    }
  return false;
}
