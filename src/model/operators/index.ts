/** What is known of operators: one record each, by domain and name. */
import type { Node } from '../ir/node.js';
import { ATTENTION, MICROSOFT_ATTENTION } from './attention.js';
import { CONTROL } from './control.js';
import { CONVOLUTION } from './convolution.js';
import { ELEMENTWISE } from './elementwise.js';
import { FUNCTIONS } from './functions.js';
import { GATHERING } from './gathering.js';
import { LAYOUT } from './layout.js';
import { MICROSOFT } from './microsoft.js';
import { NCHWC } from './nchwc.js';
import { NORMALIZATION } from './normalization.js';
import type { AttentionInputs, Elements, Operator, Operators } from './operator.js';
import { PRODUCT } from './product.js';
import { MICROSOFT_QUANTIZATION, QUANTIZATION } from './quantization.js';
import { REDUCTION } from './reduction.js';
import { RESIZE } from './resize.js';
import { ROUNDS } from './rounds.js';
import { SELECTION } from './selection.js';
import { SEQUENCE } from './sequence.js';
import { SOURCES } from './sources.js';
import { SPECTRAL } from './spectral.js';

export type { AttentionInputs, AttentionWork, BatchFlow, Elements, Operator } from './operator.js';

/** By domain, the standard one under `""`. */
export const THEMES: Readonly<Record<string, readonly Operators[]>> = {
  '': [
    ...[ELEMENTWISE, FUNCTIONS, LAYOUT, SELECTION, GATHERING, SOURCES, CONVOLUTION, PRODUCT],
    ...[
      ATTENTION,
      NORMALIZATION,
      REDUCTION,
      RESIZE,
      QUANTIZATION,
      SEQUENCE,
      CONTROL,
      ROUNDS,
      SPECTRAL,
    ],
  ],
  'com.microsoft': [MICROSOFT, MICROSOFT_ATTENTION, MICROSOFT_QUANTIZATION],
  'com.microsoft.nchwc': [NCHWC],
};

/** By domain, then by name. */
export const OPERATORS: ReadonlyMap<string, ReadonlyMap<string, Operator>> = new Map(
  Object.entries(THEMES).map(([domain, themes]) => [
    domain,
    new Map(themes.flatMap((theme) => Object.entries(theme))),
  ]),
);

/** The record of a node's operator, where there is one. */
export const operatorOf = ({ domain, opType }: Pick<Node, 'domain' | 'opType'>) =>
  OPERATORS.get(domain === 'ai.onnx' ? '' : domain)?.get(opType);

const isAmong =
  (...kinds: readonly Elements[]) =>
  (node: Node): boolean => {
    const elements = operatorOf(node)?.elements;
    return elements !== undefined && kinds.includes(elements);
  };

/** Does a node read no element of its inputs, but tell their sizes? */
export const readsNoElements = isAmong('unread');

/** Does a node move the elements of its first input, and change none? */
export const movesAlone = isAmong('renamed', 'moved');

/** Does a node give the numbers of its first input, wherever they lie, perhaps in another type? */
export const keepsNumbers = isAmong('renamed', 'moved', 'retyped');

/** Where a node that is the whole of attention has what it reads; undefined for any other. */
export function attentionInputs(node: Node): AttentionInputs | undefined {
  const work = operatorOf(node)?.work;
  return typeof work === 'object' && work.kind === 'attention' ? work.inputs : undefined;
}
