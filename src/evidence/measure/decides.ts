/**
 * Where a model decides something by the timestep, such as which branch of an `If` runs. A few timesteps do
 * not show all that it does; those on both sides of the constants that it compares with do.
 */
import { subgraphs } from '../../model/ir/attribute.js';
import { constantTensor } from '../../model/ir/constants.js';
import type { Graph } from '../../model/ir/graph.js';
import { isOp, type Node } from '../../model/ir/node.js';
import { areNumbers, elementCount, readNumbers } from '../../model/ir/tensor.js';
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

/** Constants of more elements are no borders but weights. */
const MOST_ELEMENTS = 16;

export interface Decisions {
  /** Does it decide anything by the timestep? */
  readonly decides: boolean;
  /** The constants that it is compared with on the way, as they are. */
  readonly borders: readonly number[];
}

/** @param timestep name of the input */
export function decisionsOf(graph: Graph, timestep: string | undefined): Decisions {
  const input = graph.inputs.find(({ name }) => name === timestep);
  if (!input) return { decides: false, borders: [] };
  const flow = new DataFlow(graph);
  const met = new Set([input]);
  const borders = new Set<number>();
  let decides = false;
  for (const value of met)
    for (const node of flow.readersOf(value)) {
      if (isOp(node, ...DECIDING) || subgraphs(node).length > 0) {
        decides = true;
        for (const number of constantsOf(node)) borders.add(number);
      }
      if (!isOp(node, ...MIXING)) for (const made of node.outputs) if (made) met.add(made);
    }
  return { decides, borders: [...borders] };
}

const constantsOf = (node: Node): number[] =>
  node.inputs.flatMap((input) => {
    const tensor = constantTensor(input);
    return tensor && areNumbers(tensor.dtype) && elementCount(tensor.dims) <= MOST_ELEMENTS
      ? readNumbers(tensor)
      : [];
  });
