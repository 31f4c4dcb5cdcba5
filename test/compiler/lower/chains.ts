/** Sites of a small model, and the chain that a plan over them becomes, in a few words. */

import type { LeafStrategy, PlainSite, SiteBuilder } from '../../../src/compiler/plan/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { compileSites } from '../../helpers/compile.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';

export const plain = { description: '', reads: [], writes: {} };

/** compute, reuse, and what else is named: an operator on the state and x, or on x. */
export function siteOf(
  model: Model,
  id: string,
  output: string,
  more: Partial<PlainSite> = {},
): PlainSite {
  const value = named(model, output);
  const state = `${id}.0`;
  const x = (b: SiteBuilder) => b.value(named(model, 'x'));
  const strategies: Record<string, LeafStrategy> = {
    compute: { ...plain, name: 'compute', writes: { [state]: (b) => b.value(value) } },
    reuse: { ...plain, name: 'reuse', reads: [state], produce: (b) => [b.state(state)] },
    moved: {
      ...plain,
      name: 'moved',
      reads: [state],
      produce: (b) => [b.add({ opType: 'Add', inputs: [b.state(state), x(b)] })],
    },
    'not at all': {
      ...plain,
      name: 'not at all',
      produce: (b) => [b.add({ opType: 'Sub', inputs: [x(b), x(b)] })],
    },
  };
  return {
    id,
    description: '',
    outputs: [value],
    states: [{ id: state, like: value }],
    strategies,
    ...more,
  };
}

export function chainOf(model: Model, sites: readonly PlainSite[], rows: string[][]) {
  const { lowered } = compileSites(model, sites, rows, 'chain');
  const models = Object.fromEntries(
    [...lowered.models].map(([id, { graph }]) => [
      id,
      `${namesOf(graph.inputs)} > ${[...graph.nodes].map((n) => n.opType).join(' ')} > ${namesOf(graph.outputs)}`,
    ]),
  );
  return { models, programs: [...lowered.programs.values()], lowered };
}

export const TWO_SITES = () =>
  modelOf(`g (float[2] x) => (float[2] y, float[2] z) <float[2] two = {2, 2}, float[2] five = {5, 5}> {
    u = Add (x, two)
    f = Mul (u, two)
    v = Add (f, five)
    t = Exp (v)
    z = Sub (t, five)
    y = Add (t, u)
  }`);
