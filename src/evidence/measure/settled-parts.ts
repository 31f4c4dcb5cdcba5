/** What searches have to know of a loop's parts before it is started. */
import type { DenoiserPorts } from './denoise-bundle.js';
import { matchControl } from './loop-control.js';
import type { GivenFeeds } from './loop-given.js';
import { type GivenInputs, rolesOf } from './loop-inputs.js';
import { checkParts, type LoopParts, withEmbeddedGuidance, withInitSizes } from './loop-parts.js';

/** A loop's parts for a search, which completes conditions before the loop is started. */
export interface SettledParts {
  readonly ports: DenoiserPorts;
  readonly feeds: GivenFeeds;
  /** What is left to the loop. */
  readonly parts: LoopParts;
  /** Inputs that the control model gives. */
  readonly controlled: ReadonlySet<string>;
}

/** @throws what `matchControl` throws, EMBEDDED_GUIDANCE, INIT_MISSING, INIT_SHAPE, ROLE_UNKNOWN */
export function settleParts(
  ports: DenoiserPorts,
  given: Pick<GivenInputs, 'feeds' | 'roles'>,
  { embeddedGuidance, ...parts }: LoopParts = {},
  start: number,
): SettledParts {
  checkParts(parts, start);
  const roles = rolesOf(ports, given);
  const feeds = withEmbeddedGuidance(ports, roles, given.feeds, { embeddedGuidance });
  const { control } = parts;
  const matched = control && matchControl(ports, { ...given, feeds }, control);
  const inputs = Object.values(matched?.outputs ?? {}).map(({ input }) => input);
  return {
    ports: withInitSizes(ports, roles, parts),
    feeds,
    parts,
    controlled: new Set(inputs),
  };
}
