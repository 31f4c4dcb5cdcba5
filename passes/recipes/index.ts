/** Settings of published families: found by structure, each with its source. */
import type { PassContext, PassRequest } from '../../src/compiler/pass/index.js';
import { exact, forecasts, guidance, stepsOf } from './any-model.js';
import { FAMILIES, type Family, type RecipeFamily, recognise, STEPS } from './families.js';
import { fewStepAdvice } from './few-steps.js';
import { isSetting, type Recipe, type Source } from './recipe.js';
import { type SearchedSetting, searchedOf } from './searched.js';
import { measuredOn } from './sources.js';
import { structureOf } from './structure.js';
import { transformerRecipes } from './transformers.js';
import { unetRecipes } from './unets.js';

export type { Family, RecipeFamily } from './families.js';
export { FEW_STEPS } from './few-steps.js';
export type { Recipe, Source } from './recipe.js';
export type { SearchedSetting } from './searched.js';

/** A recipe for one model and loop. */
export interface Setting {
  readonly name: string;
  readonly settings: string;
  readonly source: Source;
  /** Undefined where there is none, and then `reason` says why: a sentence without a full stop. */
  readonly passes: readonly PassRequest[] | undefined;
  readonly reason?: string;
}

export interface FoundRecipes {
  /** Undefined: a model of none of the families, for which what looks at no structure is left. */
  readonly family: RecipeFamily | undefined;
  /** What of its structure says so: sentences without a full stop. */
  readonly why: readonly string[];
  readonly settings: readonly Setting[];
  /** Plans that a search finds: `stepfold calibrate` takes their pass. */
  readonly searched: readonly SearchedSetting[];
  /** What there is to say of such a loop: sentences without a full stop. */
  readonly notes: readonly string[];
}

/** The recipes of a family, or of any model; `exact`, `balanced` and `fast` come first. */
export function recipesOf(family: Pick<RecipeFamily, 'name'> | undefined): readonly Recipe[] {
  const name = family?.name ?? '';
  const { balanced, fast } = measuredOn(name);
  return [
    exact,
    ...forecasts(balanced, fast),
    ...(unetRecipes[name] ?? transformerRecipes[name] ?? []),
    guidance,
  ];
}

/** Every family with its recipes, for a list without a model. */
export const families = (): readonly {
  readonly family: Family;
  readonly recipes: readonly Recipe[];
}[] => FAMILIES.map((family) => ({ family, recipes: recipesOf(family) }));

/** Each recipe once, with the families that have it. */
export function recipesByFamilies(): readonly {
  readonly recipe: Recipe;
  readonly families: readonly string[];
}[] {
  const found = new Map<string, { recipe: Recipe; families: string[] }>();
  for (const { family, recipes } of families())
    for (const recipe of recipes) {
      const key = JSON.stringify([recipe.name, recipe.settings, recipe.source]);
      const known = found.get(key) ?? { recipe, families: [] };
      known.families.push(family.name);
      found.set(key, known);
    }
  return [...found.values()].sort((a, b) => place(a.recipe) - place(b.recipe));
}

/** The three that every family has come first, by their names. */
const place = ({ name }: Recipe): number => {
  const at = ['exact', 'balanced', 'fast'].indexOf(name);
  return at < 0 ? 3 : at;
};

/** @param context of the model, and of the loop that the settings are for */
export function findRecipes(context: PassContext): FoundRecipes {
  const { family, why } = recognise(structureOf(context));
  const settings = recipesOf(family).map(({ name, settings, source, passes }): Setting => {
    const found = passes(context);
    return isSetting(found)
      ? { name, settings, source, passes: found }
      : { name, settings, source, passes: undefined, reason: found.reason };
  });
  const hasExact = settings.some((one) => one.source.kind === 'exact' && one.passes);
  return {
    family,
    why,
    settings,
    searched: searchedOf(family?.name),
    notes: fewStepAdvice(stepsOf(context), { exact: hasExact }),
  };
}

/** Steps of the loop that a model is mostly run in, where nobody says. */
export const usualSteps = (context: PassContext): number =>
  recognise(structureOf(context)).family?.steps ?? STEPS;

/** The recipes of a model, whose family is told once: their settings for loops of any length. */
export const recipesIn = (context: PassContext): readonly Recipe[] =>
  recipesOf(recognise(structureOf(context)).family);

/** What a search over settings may start from: of a model and a loop all passes that there are recipes of, each once. */
export const recipeSettings = (
  context: PassContext,
): readonly (Pick<Setting, 'name' | 'source'> & { readonly passes: readonly PassRequest[] })[] => {
  const seen = new Set<string>();
  return findRecipes(context).settings.flatMap(({ name, source, passes }) => {
    const key = JSON.stringify(passes);
    if (!passes || seen.has(key)) return [];
    seen.add(key);
    return [{ name, source, passes }];
  });
};
