/** The loop that recipes are looked for in: what commands that name some for a model are told of it. */
import type { RecipeLoop } from '../../passes/recipes/of-model.js';
import { readRoles, readShapes, readSizes } from './arguments.js';
import type { Arguments } from './command.js';
import type { recipeLoopOptions } from './recipe-loop-options.js';

/** @throws CLI_ARGUMENT */
export function readRecipeLoop(args: Arguments<typeof recipeLoopOptions>): RecipeLoop {
  const { calls, guidance: order = 'none', guidanceMode: mode = 'batch' } = args;
  return {
    shapes: readShapes(args.shape),
    freeze: readSizes('freeze', args.freeze),
    roles: readRoles(args),
    ...(calls !== undefined && { calls }),
    ...(order !== 'none' && { guidance: { order, mode } }),
  };
}
