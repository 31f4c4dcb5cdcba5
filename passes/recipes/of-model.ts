/** The recipes of a model as it was read, in a loop that is said in part. */
import { type PassContext, passContext } from '../../src/compiler/pass/index.js';
import {
  Pipeline,
  type PipelineOptions,
  type Prepared,
  prepare,
} from '../../src/compiler/pipeline/index.js';
import type { Model } from '../../src/model/ir/model.js';
import { callsPerStep } from '../../src/runtime/schedule/index.js';
import { type FoundRecipes, findRecipes, usualSteps } from './index.js';

export type RecipeLoop = Pick<
  PipelineOptions,
  'shapes' | 'freeze' | 'roles' | 'guidance' | 'places' | 'engine'
> & {
  /** Left out: as models of the family are mostly run, 50 steps or 28. */
  readonly calls?: number;
};

export interface ModelRecipes extends FoundRecipes {
  readonly calls: number;
  /** What they were looked for in. */
  readonly context: PassContext;
  /** The model as it was read for that, which compiling a setting need not do again. */
  readonly prepared: Prepared;
}

/**
 * Which family a model is of, why, and its settings for a loop.
 * @throws PLAN_BAD_CALLS, GUIDANCE_ODD_CALLS, and what reading the model's graph finds wrong
 */
export async function recipesFor(model: Model, loop: RecipeLoop = {}): Promise<ModelRecipes> {
  // refuses what is no loop
  if (loop.calls !== undefined) Pipeline.create({ ...loop, calls: loop.calls });
  return recipesOfPrepared(await prepare(model, loop), loop);
}

/** The same of a model that was looked at already. */
export function recipesOfPrepared(prepared: Prepared, loop: RecipeLoop): ModelRecipes {
  const { guidance, places } = loop;
  const { canonical, shapes, bindings, roles } = prepared;
  const contextFor = (calls: number): PassContext =>
    passContext(canonical, shapes, calls, bindings, guidance, roles, places);
  const calls = loop.calls ?? usualSteps(contextFor(1)) * callsPerStep(guidance);
  const context = contextFor(calls);
  return { ...findRecipes(context), calls, context, prepared };
}
