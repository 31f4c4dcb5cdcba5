/** What a search tries, as far as the command line has a say in it. */
import { recipesIn } from '../../../../passes/recipes/index.js';
import type { PassContext, PassTable } from '../../../compiler/pass/index.js';
import { unknownTry } from '../../../errors/index.js';

/** Recipes, as a search starts from them; what approximates nothing is tried beside all settings anyway. */
export const startingPoints = (context: PassContext) =>
  recipesIn(context)
    .filter(({ source }) => source.kind !== 'exact')
    .map(({ name, passes }) => ({ name: `recipe ${name}`, passes }));

/** @throws TUNE_PASS */
export function checkTry(names: readonly string[] = [], { passes }: PassTable): void {
  const searched = [...passes.values()].filter(({ tuning }) => tuning).map((pass) => pass.name);
  for (const name of names) if (!searched.includes(name)) throw unknownTry(name, searched);
}
