/**
 * What engines with limits do not take. Those of nodes come in two weights, an error where the engine takes
 * nothing of the model and a warning where the node runs elsewhere: `Finding` says which.
 */
import { StepfoldError } from './base.js';

/** Nodes that are alike: the first by name, and how many. */
export interface Alike {
  readonly opType: string;
  readonly labels: readonly string[];
}

export interface EngineWords {
  /** What messages call it. */
  readonly title: string;
  /** Where it is said what it takes, and as of when. */
  readonly table: string;
  /** What becomes of a node that it does not take. */
  readonly elsewhere: 'cpu' | 'refused';
}

const nodes = ({ opType, labels }: Alike) =>
  labels.length === 1
    ? `"${labels[0]}" (${opType})`
    : `"${labels[0]}" and ${labels.length - 1} more nodes (${opType})`;

const fate = ({ title, elsewhere }: EngineWords, { labels }: Alike) =>
  elsewhere === 'refused'
    ? `keep${labels.length === 1 ? 's' : ''} ${title} from the whole model`
    : `run${labels.length === 1 ? 's' : ''} on the CPU, not in ${title}`;

const about = (alike: Alike) => ({
  node: alike.labels[0],
  opType: alike.opType,
  data: { nodes: alike.labels },
});

/** A form holds an `If` or a `Loop`, and the engine takes neither. */
export const targetForm = (target: string, form: string) =>
  new StepfoldError(
    'TARGET_FORM',
    `The form "${form}" holds control flow, which the target "${target}" does not take.`,
    {
      data: { target, form },
      hint: 'Emit split, or chain where its models would hold weights twice.',
    },
  );

export interface OpenInput {
  readonly name: string;
  /** Axis and what the size is called; nothing where it has no name. */
  readonly axes: readonly { readonly axis: number; readonly size?: string | undefined }[];
}

/** @param symbols by which the sizes can be fixed */
export const openSizes = (
  engine: EngineWords & { readonly openSizes: 'refused' | 'slower' | 'held' },
  inputs: readonly OpenInput[],
  symbols: readonly string[],
) => {
  const list = inputs.map(
    ({ name, axes }) =>
      `"${name}" (${axes.map(({ axis, size }) => `axis ${axis}${size === undefined ? '' : `: ${size}`}`).join(', ')})`,
  );
  const what = {
    refused: `${engine.title} takes no node that follows from an open size, and inputs leave theirs open`,
    slower: `${engine.title} does not compile a model with inputs of open size as a whole`,
    held: `${engine.title} captures one set of sizes, and inputs leave theirs open`,
  } as const;
  const freeze = symbols.map((symbol) => ` --freeze ${symbol}=N`).join('');
  return new StepfoldError('TARGET_OPEN_SIZE', `${what[engine.openSizes]}: ${list.join(', ')}.`, {
    value: inputs[0]?.name,
    data: { inputs, symbols },
    hint: freeze
      ? `Fix the sizes:${freeze}.`
      : 'Fix the sizes with --shape, such as --shape sample=2x4x64x64.',
  });
};

export const targetControlFlow = (engine: EngineWords, alike: Alike) =>
  new StepfoldError(
    'TARGET_CONTROL_FLOW',
    `${nodes(alike)} ${fate(engine, alike)}: it takes no control flow.`,
    {
      ...about(alike),
      hint: 'Export the model without it, or with a condition that is a constant.',
    },
  );

export const targetOperator = (engine: EngineWords, alike: Alike, domain: string) =>
  new StepfoldError(
    'TARGET_OPERATOR',
    `${nodes(alike)} ${fate(engine, alike)}: ${engine.table} has no such operator.`,
    {
      ...about(alike),
      hint: domain.startsWith('com.microsoft')
        ? "Give the model as it was exported: the operator is of onnxruntime's optimizer."
        : 'Export the model in operators that the table has.',
    },
  );

/** @param best the newest operator set whose version of the operator the table has */
export const targetOperatorVersion = (
  engine: EngineWords,
  alike: Alike,
  version: number,
  best: number | undefined,
) =>
  new StepfoldError(
    'TARGET_OPERATOR_VERSION',
    `${nodes(alike)} ${fate(engine, alike)}: ${engine.table} does not have version ${version} of the operator.`,
    {
      ...about(alike),
      hint:
        best === undefined
          ? 'Export the model with another operator set.'
          : `Export the model with operator set ${best}.`,
    },
  );

/** @param why of the operator, as the end of "takes it only where" */
export const targetOperand = (engine: EngineWords, alike: Alike, why: string, todo: string) =>
  new StepfoldError(
    'TARGET_OPERAND',
    `${nodes(alike)} ${fate(engine, alike)}: by ${engine.table}, ${why}.`,
    { ...about(alike), hint: todo },
  );

/**
 * What was found, as the refusal to write models of which the engine would take nothing.
 * @param more that weigh as much
 */
export const refusedFor = (
  {
    code,
    message,
    hint,
    nodes: labels,
    opType,
  }: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
    readonly nodes: readonly string[];
    readonly opType?: string;
  },
  more: number,
) =>
  new StepfoldError(code, message, {
    node: labels[0],
    opType,
    data: { nodes: labels, more },
    hint:
      more === 0
        ? hint
        : `${hint} ${more} more ${more === 1 ? 'is' : 'are'} in the way; \`stepfold inspect --target\` lists all.`,
  });
