/** Recipes on the command line: one by its name, and what is said of it. */
import type { FoundRecipes, Setting } from '../../passes/recipes/index.js';
import { type PassRequest, passRequestText } from '../compiler/pass/index.js';
import { recipeHasNone, unknownRecipe } from '../errors/index.js';
import { shellWord } from './shell.js';

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
  `${SAID_BY[source.kind]}${source.text}`;

const SAID_BY = {
  exact: '',
  measured: 'measured ',
  paper: 'by a paper: ',
  shipped: 'as shipped: ',
};
