/** Recipes on the command line: of a model in a loop, by name, and what is said of them. */
import {
  type FoundRecipes,
  findRecipes,
  type Setting,
  usualSteps,
} from '../../passes/recipes/index.js';
import {
  type PassContext,
  type PassRequest,
  passContext,
  passRequestText,
} from '../compiler/pass/index.js';
import { Pipeline, type PipelineOptions, prepare } from '../compiler/pipeline/index.js';
import { recipeHasNone, unknownRecipe } from '../errors/index.js';
import type { Model } from '../model/ir/model.js';
import { callsPerStep } from '../runtime/schedule/index.js';
import { shellWord } from './shell.js';

export type RecipeLoop = Pick<
  PipelineOptions,
  'shapes' | 'freeze' | 'roles' | 'guidance' | 'places'
> & {
  /** Left out: as models of the family are mostly run. */
  readonly calls?: number;
};

export interface RecipesOf extends FoundRecipes {
  readonly calls: number;
}

/** @throws PLAN_BAD_CALLS, GUIDANCE_ODD_CALLS, and what `prepare` throws */
export async function recipesOf(model: Model, loop: RecipeLoop): Promise<RecipesOf> {
  const { guidance, places } = loop;
  // refuses what is no loop
  if (loop.calls !== undefined) Pipeline.create({ ...loop, calls: loop.calls });
  const { canonical, shapes, bindings, roles } = await prepare(model, loop);
  const contextFor = (calls: number): PassContext =>
    passContext(canonical, shapes, calls, bindings, guidance, roles, places);
  const calls = loop.calls ?? usualSteps(contextFor(1)) * callsPerStep(guidance);
  return { ...findRecipes(contextFor(calls)), calls };
}

export interface ChosenRecipe {
  readonly setting: Setting;
  readonly passes: readonly PassRequest[];
  readonly family: FoundRecipes['family'];
  readonly notes: readonly string[];
}

/** @throws RECIPE_UNKNOWN, RECIPE_NONE */
export function chosenRecipe(
  { settings, family, notes }: FoundRecipes,
  name: string,
): ChosenRecipe {
  const setting = settings.find((one) => one.name === name);
  if (!setting)
    throw unknownRecipe(
      name,
      family?.name,
      settings.map((one) => one.name),
    );
  const { passes, reason } = setting;
  if (!passes) {
    const others = settings.filter((one) => one.passes).map((one) => one.name);
    throw recipeHasNone(name, reason ?? '', others);
  }
  return { setting, passes, family, notes };
}

/** As the command line takes them. */
export const passFlags = (passes: readonly PassRequest[]): string =>
  passes.map((request) => `--pass ${shellWord(passRequestText(request))}`).join(' ');

export const familyTitle = (family: FoundRecipes['family']): string =>
  family ? `${family.title} (family ${family.name})` : 'none of the known families';

/** Who says so, in one line. */
export const sourceText = ({ source }: Pick<Setting, 'source'>): string =>
  source.kind === 'measured'
    ? `measured ${source.text}`
    : source.kind === 'shipped'
      ? `as shipped: ${source.text}`
      : source.text;
