/** Which modules are kept: those of the kinds that are asked for, in the blocks that are asked for. */
import type { BlockModule, ModuleKind } from '../../src/compiler/analysis/index.js';
import type { PassContext } from '../../src/compiler/pass/index.js';
import { badOption, noBlocks, noModules } from '../../src/errors/index.js';
import { readRange } from '../block-range.js';
import { kindsOf, type ModuleSteps, NAME } from './steps.js';

export interface ModuleChoice extends ModuleSteps {
  readonly range?: string;
}

export const rangeOption = {
  range: {
    type: 'string',
    description: 'Modules of these blocks alone, such as 4-9; `stepfold inspect` numbers them.',
  },
} as const;

/** @throws BLOCKS_NOT_FOUND, MODULES_NOT_FOUND, PASS_OPTION */
export function chosenModules(
  context: PassContext,
  options: ModuleChoice,
): ReadonlyMap<ModuleKind, readonly BlockModule[]> {
  const { found, refused } = context.modules();
  const kinds = kindsOf(options);
  const { range } = options;
  const inRange = range === undefined ? found : modulesOf(context, range);
  const chosen = new Map<ModuleKind, readonly BlockModule[]>();
  for (const kind of kinds) {
    const modules = inRange.filter((module) => module.kind === kind);
    if (modules.length > 0) chosen.set(kind, modules);
  }
  const missing = options.kinds?.find((kind) => !chosen.has(kind));
  const isElsewhere = kinds.some((kind) => found.some((module) => module.kind === kind));
  if (chosen.size === 0 && !isElsewhere) {
    const nearest = [...refused, ...context.blocks().refused, ...context.attention().refused];
    throw noModules(kinds, nearest[0]?.reason, nearest[0]?.node);
  }
  if (missing && !found.some(({ kind }) => kind === missing))
    throw badOption(NAME, 'kinds', `the model has no ${missing} module`);
  if (missing || chosen.size === 0)
    throw badOption(NAME, 'range', `no ${missing ?? kinds.join(' or ')} module lies in it`);
  return chosen;
}

function modulesOf(context: PassContext, range: string): readonly BlockModule[] {
  const { stages, refused } = context.blocks();
  if (stages.length === 0) throw noBlocks(refused[0]?.reason, refused[0]?.node);
  const numbers = new Set(readRange(NAME, range, stages.flat()).map(({ index }) => index));
  return context.modules().found.filter(({ block }) => block !== undefined && numbers.has(block));
}
