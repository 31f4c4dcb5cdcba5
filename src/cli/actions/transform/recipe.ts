/** What `stepfold transform` says of the recipe that it took. */
import { colors } from '../../colors.js';
import { print } from '../../output.js';
import { type ChosenRecipe, familyTitle, passFlags, sourceText } from '../../recipe.js';

export function printRecipe({ setting, passes, family, notes }: ChosenRecipe): void {
  print(`Recipe ${setting.name} for ${familyTitle(family)}: ${passFlags(passes)}`);
  print(`Source: ${sourceText(setting)}`);
  for (const note of notes) print(colors.yellow(`Note: ${note}.`));
}

/** The same for `--json`. */
export const recipeRecord = ({ setting, passes, family, notes }: ChosenRecipe) => ({
  name: setting.name,
  family: family?.name ?? null,
  passes,
  flags: passFlags(passes),
  source: setting.source,
  notes,
});
