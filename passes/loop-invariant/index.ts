/**
 * Loop-invariant code motion (Aho, Sethi, Ullman 1986, section 10.7) for the denoising loop: what depends on
 * the condition alone is computed at the first call of an image, kept, and read by all others. In a
 * text-to-image model that is every cross-attention's k and v, 32 layers in Stable Diffusion v1.5, and the
 * projection of the caption before them. Nothing is approximated.
 *
 * Assumes that the condition stays the same from `reset()` to `reset()`; a session cannot know. Costs one
 * state for each value, and for each half where guidance takes two calls a step.
 */

import type { Pass, PassContext } from '../../src/compiler/pass/index.js';
import {
  byHalf,
  COMPUTE,
  compositeOf,
  type PlainSite,
  type Site,
  strategiesByName,
  strategyOf,
} from '../../src/compiler/plan/index.js';
import { badOption, noInvariant } from '../../src/errors/index.js';
import type { Value } from '../../src/model/ir/value.js';
import { proposedBy } from '../full-steps.js';
import { findInvariants, type Invariant } from './find.js';

export interface LoopInvariantOptions {
  readonly inputs?: readonly string[];
}

const NAME = 'loop-invariant';
const SITE = 'invariant';

export const loopInvariant: Pass<LoopInvariantOptions> = {
  name: NAME,
  description:
    'Compute what depends on the condition alone (k and v of cross-attention) once an image, not at every call.',
  example: 'loop-invariant',
  options: {
    type: 'object',
    properties: {
      inputs: {
        type: 'array',
        items: { type: 'string' },
        description:
          'Inputs that stay the same for a whole image; by default every input but the latent and the timestep.',
      },
    },
  },
  tuning: { exact: true, choices: () => [{}] },
  strategies: { reuse: { meaning: { result: 'kept' }, letter: 'r' } },
  propose(context, options) {
    const { guidance, model } = context;
    const inputs = conditionInputs(context, options);
    const found = findInvariants(model.graph, new Set(inputs));
    if (found.length === 0)
      throw noInvariant(
        NAME,
        inputs.map((v) => v.name),
      );
    const site = byHalf(invariantSite(found, inputs), guidance);
    return proposedBy([site], { kind: 'even', count: 1 }, [{}, { [SITE]: 'reuse' }], context);
  },
};

/** @throws PASS_OPTION, INVARIANT_NOT_FOUND */
function conditionInputs({ model, roles }: PassContext, options: LoopInvariantOptions): Value[] {
  const inputs = model.graph.inputs.filter((v) => !v.initializer);
  const changing = [roles.latent, roles.timestep];
  if (options.inputs) {
    return options.inputs.map((name) => {
      const input = inputs.find((v) => v.name === name);
      if (!input || changing.includes(name)) {
        const why = input ? 'changes from call to call' : 'is no input of the model';
        throw badOption(NAME, 'inputs', `"${name}" ${why}`);
      }
      return input;
    });
  }
  // an unknown timestep would count as a condition, and be kept
  if (roles.latent === undefined || roles.timestep === undefined)
    throw badOption(
      NAME,
      'inputs',
      `it must be given, since not all roles are known (${roles.problems.join('; ')})`,
    );
  return inputs.filter((v) => !changing.includes(v.name));
}

function invariantSite(found: readonly Invariant[], inputs: readonly Value[]): Site {
  const parts = found.map(({ value }, i) => partOf(value, `${SITE}.${i}`));
  const reused = Object.fromEntries(parts.map(({ id }) => [id, 'reuse']));
  const layers = new Set(found.flatMap((invariant) => invariant.layers)).size;
  return {
    id: SITE,
    description: `what depends on the condition alone: ${layers} layers, ${found.length} values`,
    outputs: found.map(({ value }) => value),
    invariant: inputs.map(({ name }) => name),
    parts,
    strategies: strategiesByName([
      compositeOf(COMPUTE, 'run it'),
      compositeOf('reuse', 'take what the first call of the image computed', (_) => reused, {
        program: 'reuse',
      }),
    ]),
  };
}

function partOf(value: Value, id: string): PlainSite {
  return {
    id,
    description: `"${value.name}"`,
    outputs: [value],
    states: [{ id: `${id}.state`, like: value }],
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'run it', { writes: { [`${id}.state`]: (b) => b.value(value) } }),
      strategyOf('reuse', 'take what the first call computed', {
        program: 'reuse',
        reads: [`${id}.state`],
        produce: (b) => [b.state(`${id}.state`)],
      }),
    ]),
  };
}
