/** The site of one module: its outputs, computed or as they were kept. */
import type { BlockModule } from '../../src/compiler/analysis/index.js';
import {
  COMPUTE,
  type PlainSite,
  strategiesByName,
  strategyOf,
} from '../../src/compiler/plan/index.js';

const WHAT = {
  self: 'self-attention',
  temporal: 'attention from frame to frame',
  cross: 'cross-attention',
  'feed-forward': 'feed-forward',
  parallel: 'attention and feed-forward beside each other',
} as const;

export function moduleSite({ id, kind, outputs }: BlockModule): PlainSite {
  const states = outputs.map((_, i) =>
    outputs.length === 1 ? `${id}.output` : `${id}.output.${i}`,
  );
  return {
    id,
    description: `${WHAT[kind]} up to ${outputs.map(({ name }) => `"${name}"`).join(' and ')}`,
    outputs,
    states: states.map((state, i) => ({ id: state, like: outputs[i]! })),
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'run the module', {
        writes: Object.fromEntries(states.map((state, i) => [state, (b) => b.value(outputs[i]!)])),
      }),
      strategyOf('reuse', 'take what the last call that ran it kept', {
        reads: states,
        produce: (b) => states.map((state) => b.state(state)),
      }),
    ]),
  };
}
