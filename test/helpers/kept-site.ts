/** A site whose values are computed, or taken as an earlier call left them. */
import {
  COMPUTE,
  type PlainSite,
  strategiesByName,
  strategyOf,
} from '../../src/compiler/plan/index.js';
import type { Model } from '../../src/model/ir/model.js';
import { named } from './text.js';

export const REUSE = 'reuse';

/** @param outputs names of its values; the state of each has that name and `.kept` */
export function keptSite(model: Model, id: string, outputs: readonly string[] = [id]): PlainSite {
  const values = outputs.map((name) => named(model, name));
  const states = outputs.map((name) => `${name}.kept`);
  return {
    id,
    description: '',
    outputs: values,
    states: states.map((state, k) => ({ id: state, like: values[k]! })),
    strategies: strategiesByName([
      strategyOf(COMPUTE, '', {
        writes: Object.fromEntries(states.map((state, k) => [state, (b) => b.value(values[k]!)])),
      }),
      strategyOf(REUSE, '', { reads: states, produce: (b) => states.map((s) => b.state(s)) }),
    ]),
  };
}
