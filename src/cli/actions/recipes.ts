/** What `stepfold recipes` does. */
import { families, recipesByFamilies, type Setting } from '../../../passes/recipes/index.js';
import {
  type ModelRecipes,
  type RecipeLoop,
  recipesFor,
} from '../../../passes/recipes/of-model.js';
import { passesWith } from '../../../passes/table.js';
import { macRatio } from '../../compiler/emit/index.js';
import { Pipeline, type Prepared, usePasses } from '../../compiler/pipeline/index.js';
import { StepfoldError } from '../../errors/index.js';
import { loadModel } from '../../model/onnx/files.js';
import { findModel } from '../../runtime/model-folder/index.js';
import { stepsOfCalls } from '../../runtime/schedule/index.js';
import { colors } from '../colors.js';
import type { RecipesArguments } from '../commands/recipes.js';
import {
  formatTimes,
  heading,
  print,
  printJson,
  printTable,
  printText,
  shortLists,
} from '../output.js';
import { startStatus } from '../progress.js';
import { readingFlags } from '../reading-flags.js';
import { familyTitle, passFlags, sourceText } from '../recipe.js';
import { readRecipeLoop } from '../recipe-loop.js';
import { shellWord } from '../shell.js';
import { withModelFile } from '../standard-input.js';

export async function listRecipes(args: RecipesArguments): Promise<void> {
  if (args.model === undefined) listFamilies(args);
  else {
    const named = { ...args, model: args.model };
    await withModelFile(args.model, (file) => listForModel(named, file));
  }
}

function listFamilies({ json }: RecipesArguments): void {
  const all = families();
  if (json) {
    printJson(
      all.map(({ family, recipes }) => ({
        family: family.name,
        title: family.title,
        recognised: family.recognised,
        recipes: recipes.map(({ name, settings, source }) => ({ name, settings, source })),
      })),
    );
    return;
  }
  printTable(
    ['family', 'models', 'recognised by'],
    all.map(({ family }) => [family.name, family.title, family.recognised]),
  );
  for (const { recipe, families: those } of recipesByFamilies()) {
    print();
    const names = those.length === all.length ? 'any model' : those.join(', ');
    print(colors.bold(recipe.name), ` for ${names}: ${recipe.settings}`);
    print(`    ${sourceText(recipe)}`);
  }
  print();
  print('`stepfold recipes MODEL` says of which family a model is, and why.');
}

/** A setting with what it costs of the model. */
interface Costed extends Setting {
  /** Multiply-accumulates of the source in those of this, over the loop; undefined where they are not known. */
  readonly ratio: number | undefined;
}

async function listForModel(
  args: RecipesArguments & { readonly model: string },
  given: string,
): Promise<void> {
  const { file } = findModel(given);
  const loop = readRecipeLoop(args);
  const { guidance } = loop;
  const status = startStatus(args.json);
  let found: ModelRecipes;
  const settings: Costed[] = [];
  try {
    status.show(`Reading ${args.model}`);
    const model = loadModel(file);
    found = await recipesFor(model, loop);
    for (const setting of found.settings) {
      status.show(`Counting what ${setting.name} costs`);
      settings.push(await costed(setting, found.prepared, { ...loop, calls: found.calls }));
    }
  } finally {
    status.stop();
  }
  const flags = [
    `--calls ${found.calls}`,
    ...(guidance ? [`--guidance ${guidance.order}`] : []),
    ...(guidance && guidance.mode !== 'batch' ? [`--guidance-mode ${guidance.mode}`] : []),
    ...readingFlags(args).map((words) => words.map(shellWord).join(' ')),
  ].join(' ');
  const commandOf = ({ name, passes }: Costed) =>
    passes &&
    `stepfold transform ${shellWord(args.model)} ${flags} ${passFlags(passes)} -o ${shellWord(`bundle-${name}`)}`;
  const searches = found.searched.map(({ name, request, source }) => ({
    name,
    source,
    command: `stepfold calibrate ${shellWord(args.model)} ${flags} ${passFlags([request])}${guidance ? ' --guidance-scale 4 --unconditional INPUT=FILE.npy' : ''} -o plan.json`,
  }));
  if (args.json) {
    printJson({
      file: args.model,
      family: found.family?.name ?? null,
      ...(found.family && { title: found.family.title }),
      why: found.why,
      calls: found.calls,
      steps: stepsOfCalls(found.calls, guidance),
      recipes: settings.map((one) => ({ ...one, command: commandOf(one) })),
      searched: searches,
      notes: found.notes,
    });
    return;
  }
  print(`${args.model}: ${familyTitle(found.family)}`);
  for (const line of found.why) print(`  ${line}`);
  for (const note of found.notes) print(colors.yellow(`Note: ${note}.`));
  heading(`For a loop of ${stepsOfCalls(found.calls, guidance)} steps`);
  printTable(
    ['recipe', 'MACs', 'passes'],
    settings.map(({ name, passes, ratio, reason }) => [
      name,
      ratio === undefined ? (passes ? '?' : '-') : formatTimes(ratio),
      passes ? shortLists(passFlags(passes)) : `none: ${reason}`,
    ]),
  );
  if (settings.some(({ passes, ratio }) => passes && ratio === undefined))
    print('?: not known where sizes are not; --shape and --freeze say them.');
  heading('Sources');
  for (const one of [...settings.filter(({ passes }) => passes), ...searches])
    print(`${one.name}: ${sourceText(one)}`);
  heading('Command lines');
  for (const one of settings) {
    const line = commandOf(one);
    if (line) printText(line);
  }
  for (const { command } of searches) printText(command);
}

/** A setting that the model leaves no place for has none, and the pass's own words say why. */
async function costed(
  setting: Setting,
  model: Prepared,
  loop: RecipeLoop & { readonly calls: number },
): Promise<Costed> {
  if (!setting.passes) return { ...setting, ratio: undefined };
  try {
    const pipeline = usePasses(Pipeline.create(loop), passesWith(), setting.passes);
    return { ...setting, ratio: macRatio(await pipeline.compile(model)) };
  } catch (error) {
    if (!(error instanceof StepfoldError)) throw error;
    const reason = error.message.replace(/\.$/, '');
    return { ...setting, passes: undefined, reason, ratio: undefined };
  }
}
