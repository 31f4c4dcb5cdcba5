/** What is said of a loop when its bundle is made, for the bundle to keep. */
import type { LoopDefaults } from '../compiler/emit/index.js';
import { feedUnknown } from '../errors/index.js';
import type { GuidancePair } from '../runtime/schedule/index.js';
import { readInputs } from './arguments.js';
import { incompleteGuidance } from './incomplete-guidance.js';
import type { KeptArguments } from './kept.js';
import { readGuidanceDetails, refuseWithoutGuidance } from './loop-options.js';

/**
 * Guidance is kept whole: a scale needs an order and what the unconditional half reads.
 * @param pair how the bundle does guidance, if it does
 * @throws CLI_ARGUMENT, and what reading arrays throws
 */
export function defaultsOf(args: KeptArguments, pair: GuidancePair | undefined): LoopDefaults {
  const { guidanceScale: scale, embeddedGuidance } = args;
  const feeds = readInputs('feed', args.feed);
  const unconditional = readInputs('unconditional', args.unconditional);
  if (scale === undefined && !args.unconditional) refuseWithoutGuidance(args);
  else if (scale === undefined || !pair || !args.unconditional)
    throw incompleteGuidance(args, pair !== undefined);
  const guidance = pair &&
    scale !== undefined && { order: pair.order, mode: pair.mode, scale, ...detailsOf(args) };
  return {
    ...(guidance && { guidance }),
    ...(embeddedGuidance !== undefined && { embeddedGuidance }),
    feeds,
    unconditional,
  };
}

function detailsOf(args: KeptArguments) {
  const { interval, rescale } = readGuidanceDetails(args);
  return {
    ...(interval && { interval: [...interval] }),
    ...(rescale !== undefined && { rescale }),
  };
}

/** @throws FEED_UNKNOWN */
export function checkDefaults(
  { feeds, unconditional }: LoopDefaults,
  inputs: readonly { readonly name: string }[],
): void {
  const names = inputs.map(({ name }) => name);
  for (const name of Object.keys({ ...feeds, ...unconditional }))
    if (!names.includes(name)) throw feedUnknown(name, names);
}
