/** What is known of operators, by domain and name. */
import { isStandard, type Node } from '../ir/node.js';
import { CONTROL } from './control.js';
import { CONVOLUTION } from './convolution.js';
import { ELEMENTWISE } from './elementwise.js';
import { LAYOUT } from './layout.js';
import { MICROSOFT } from './microsoft.js';
import { NCHWC } from './nchwc.js';
import { NORMALIZATION } from './normalization.js';
import { PRODUCT } from './product.js';
import { QUANTIZATION } from './quantization.js';
import { REDUCTION } from './reduction.js';
import { RESIZE } from './resize.js';
import { ROUNDS } from './rounds.js';
import type { Rule } from './rules/context.js';
import { SELECTION } from './selection.js';
import { SEQUENCE } from './sequence.js';
import { SOURCES } from './sources.js';

export const STANDARD_RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    ...ELEMENTWISE,
    ...LAYOUT,
    ...SELECTION,
    ...SOURCES,
    ...CONVOLUTION,
    ...PRODUCT,
    ...NORMALIZATION,
    ...REDUCTION,
    ...RESIZE,
    ...QUANTIZATION,
    ...SEQUENCE,
    ...CONTROL,
    ...ROUNDS,
  }),
);

export const MICROSOFT_RULES: ReadonlyMap<string, Rule> = new Map(Object.entries(MICROSOFT));

export const NCHWC_RULES: ReadonlyMap<string, Rule> = new Map(Object.entries(NCHWC));

const BY_DOMAIN: Readonly<Record<string, ReadonlyMap<string, Rule>>> = {
  'com.microsoft': MICROSOFT_RULES,
  'com.microsoft.nchwc': NCHWC_RULES,
};

export function ruleFor(node: Node): Rule | undefined {
  if (isStandard(node)) return STANDARD_RULES.get(node.opType);
  return Object.hasOwn(BY_DOMAIN, node.domain)
    ? BY_DOMAIN[node.domain]?.get(node.opType)
    : undefined;
}
