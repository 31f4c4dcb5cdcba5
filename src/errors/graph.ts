/** Errors about the graph itself: names, edges, order, cuts. */
import { StepfoldError } from './base.js';

/** What an error says of a node, and of a value. */
interface Node {
  readonly label: string;
  readonly opType: string;
}
interface Value {
  readonly name: string;
}

/** A value is to be renamed. */
export const duplicateName = (name: string) =>
  new StepfoldError('GRAPH_DUPLICATE_NAME', `The value name "${name}" is taken already.`, {
    value: name,
    hint: 'Choose another name.',
  });

/** The same in a file. */
export const definedTwice = (name: string) =>
  new StepfoldError('GRAPH_DUPLICATE_NAME', `The value "${name}" is made twice.`, {
    value: name,
    hint: 'The file is not a valid ONNX model; export it again.',
  });

export const nodeStillUsed = (node: Node | undefined, value: Value) =>
  new StepfoldError(
    'GRAPH_STILL_USED',
    `${node ? `Node "${node.label}"` : `Value "${value.name}"`} cannot be removed: "${value.name}" is still used.`,
    { node: node?.label, value: value.name, hint: 'Replace its uses first.' },
  );

export const graphCycle = (nodes: readonly Node[]) =>
  new StepfoldError(
    'GRAPH_CYCLE',
    `The graph has a cycle through ${nodes
      .slice(0, 5)
      .map((n) => `"${n.label}"`)
      .join(' -> ')}.`,
    {
      node: nodes[0]?.label,
      opType: nodes[0]?.opType,
      hint: 'An ONNX graph must be acyclic; export it again.',
      data: { cycle: nodes },
    },
  );

export const undefinedValue = (name: string, node: string) =>
  new StepfoldError(
    'GRAPH_UNDEFINED_VALUE',
    `${node} reads "${name}", which no input, initializer or earlier node makes.`,
    { value: name, node, hint: 'The file is not a valid ONNX model; export it again.' },
  );

export const usedBeforeMade = (name: string, node: string) =>
  new StepfoldError('GRAPH_NOT_SORTED', `${node} reads "${name}" before the node that makes it.`, {
    value: name,
    node,
    hint: 'Nodes of an ONNX graph must be in topological order; export it again.',
  });

export const missingInput = (node: Node, index: number, required: number) =>
  new StepfoldError(
    'GRAPH_MISSING_INPUT',
    `Node "${node.label}" (${node.opType}) has no input ${index}; the operator needs ${required === 1 ? 'one' : `the first ${required}`}.`,
    {
      node: node.label,
      opType: node.opType,
      hint: 'The file is not a valid ONNX model; export it again.',
    },
  );

export const missingOutput = (node: Node) =>
  new StepfoldError(
    'GRAPH_MISSING_OUTPUT',
    `Node "${node.label}" (${node.opType}) leaves out its first output, which the operator always makes.`,
    {
      node: node.label,
      opType: node.opType,
      hint: 'The file is not a valid ONNX model; export it again.',
    },
  );

export const unboundedCut = (missing: readonly string[]) =>
  new StepfoldError(
    'GRAPH_UNBOUNDED_CUT',
    `The sub-graph also needs ${missing.map((m) => `"${m}"`).join(', ')}, which the cut does not list.`,
    { value: missing[0], data: { missing }, hint: 'Add these values to the inputs of the cut.' },
  );
