/** Errors about recipes. */
import { StepfoldError } from './base.js';
import { didYouMean } from './nearest.js';

/** @param other the option that says as much */
export const recipeAndPasses = (other: string) =>
  new StepfoldError('RECIPE_AND_PASSES', `--recipe and --${other} each say which passes to use.`, {
    hint: `Leave one out; \`stepfold recipes MODEL\` prints what a recipe is as --pass.`,
  });

/** @param family of the model; undefined where it is of none */
export const unknownRecipe = (name: string, family: string | undefined, known: readonly string[]) =>
  new StepfoldError(
    'RECIPE_UNKNOWN',
    `There is no recipe "${name}" for ${family === undefined ? 'a model of no known family' : `models of the family ${family}`}.`,
    { hint: `${didYouMean(name, known)}Recipes for this one: ${known.join(', ')}.` },
  );

/** @param reason a sentence without a full stop */
export const recipeHasNone = (name: string, reason: string, others: readonly string[]) =>
  new StepfoldError(
    'RECIPE_NONE',
    `The recipe ${name} has no setting for this model and loop: ${reason}.`,
    {
      hint:
        others.length > 0
          ? `Recipes that have one: ${others.join(', ')}.`
          : 'Choose passes yourself: `stepfold passes` lists them.',
    },
  );
