/** What `stepfold transform` does. */
import path from 'node:path';
import { recipesFor } from '../../../passes/recipes/of-model.js';
import {
  type BundleRecord,
  checkApart,
  checkPlanSource,
  checkTarget,
  emitBundle,
  type PipelineFolderRecord,
  writePipelineFolder,
} from '../../compiler/emit/index.js';
import { type PassRequest, type PassTable, parsePassRequest } from '../../compiler/pass/index.js';
import { Pipeline, usePass, type WholeLoop } from '../../compiler/pipeline/index.js';
import type { WatchOptions } from '../../compiler/stages/index.js';
import { type Target, targets } from '../../compiler/targets/index.js';
import {
  decoderWithoutLoop,
  inFile,
  inPipeline,
  needsPass,
  passAndConfig,
  recipeAndPasses,
  StepfoldError,
} from '../../errors/index.js';
import { readRegularText } from '../../io/regular-file.js';
import { loadModel } from '../../model/onnx/files.js';
import { findModel } from '../../runtime/model-folder/index.js';
import type { LoopSampler } from '../../runtime/samplers/index.js';
import {
  callsPerStep,
  type GuidancePair,
  type LoopPlaces,
  type PipelineConfig,
  type PlanFile,
  parsePipelineConfig,
  parsePlanFile,
  stepsOfCalls,
} from '../../runtime/schedule/index.js';
import { readRoles, readShapes, readSizes } from '../arguments.js';
import type { TransformArguments } from '../commands/transform.js';
import { checkDefaults, defaultsOf } from '../defaults.js';
import { dumping } from '../dump.js';
import { readMadeFor } from '../loop-places.js';
import { missingFrom, typedWords } from '../missing.js';
import { printJson } from '../output.js';
import { readPasses } from '../plugins.js';
import { startStatus } from '../progress.js';
import { outputName } from '../proposal/output-name.js';
import { type ChosenRecipe, chosenRecipe } from '../recipe.js';
import { savesNothing } from '../saves-nothing.js';
import { readTimesteps, requireLength } from '../timesteps-file.js';
import { readWholeLoop } from '../whole-loop.js';
import { proposeInstead } from './transform/propose-instead.js';
import { printRecipe, recipeRecord } from './transform/recipe.js';
import { searchedLoop } from './transform/searched-loop.js';
import { printSummary } from './transform/summary.js';

type Written = TransformArguments & { readonly output: string };

export async function transform(given: TransformArguments): Promise<void> {
  if (!saysWhat(given)) await proposeInstead(given);
  requireAll(given);
  await write(given as Written);
}

/** Whether there is anything that it could do. */
const saysWhat = ({ pass, recipe, config, plan, target }: TransformArguments): boolean =>
  [pass, recipe, config, plan, target].some((one) => one !== undefined);

/** @throws CLI_USAGE naming all that is missing */
function requireAll(given: TransformArguments): void {
  const { output, calls, plan, timesteps, config } = given;
  const isOpen =
    [calls, plan, timesteps].every((one) => one === undefined) &&
    (config === undefined || readPipeline(config).calls === undefined);
  const missing = {
    ...(isOpen && { calls: '50' }),
    ...(output === undefined && { output: outputName(given.model, 'bundle') }),
  };
  if (Object.keys(missing).length > 0) throw missingFrom(typedWords(), missing);
}

async function write(given: Written): Promise<void> {
  const { file, pipeline: from } = findModel(given.model);
  const args = { ...given, model: file, given: given.model };
  const config = readConfig(args);
  const defaults = defaultsOf(args, config.guidance);
  const table = await readPasses([...config.plugins, ...(args.plugin ?? [])]);
  if (from) checkApart(args.output, from.folder);
  checkTarget(args.output, args.force, args.model);
  const status = startStatus(args.json);
  let bundle: BundleRecord & Partial<PipelineFolderRecord>;
  let recipe: ChosenRecipe | undefined;
  try {
    status.show(`Reading ${args.model}`);
    const model = loadModel(args.model);
    checkDefaults(defaults, model.graph.inputs);
    if (config.plan && args.plan) checkPlanSource(config.plan, args.plan, args.model);
    recipe =
      args.recipe === undefined
        ? undefined
        : chosenRecipe(await recipesFor(model, config), args.recipe);
    const requests = recipe?.passes ?? config.requests;
    const compile = (watch: WatchOptions) => {
      let pipeline = createPipeline({ ...config, ...watch }, args.config);
      for (const [index, request] of requests.entries())
        pipeline = addPass(pipeline, table, request, config.requestsFile, index);
      status.show('Compiling');
      return pipeline.compile(model).catch((error: unknown) => {
        throw namingPlan(error, args.plan);
      });
    };
    const compilation = await dumping(args, compile, ({ name }) =>
      status.show(`Compiling: ${name}`),
    );
    status.show(`Writing ${args.output}`);
    const { weights = 'link' } = config;
    const { model: sourceFile, force, hashWeights } = args;
    const options = { sourceFile, weights, force, hashWeights, defaults };
    bundle = from
      ? writePipelineFolder(compilation, args.output, {
          ...options,
          pipeline: from.folder,
          component: from.component,
        })
      : emitBundle(compilation, args.output, options);
  } finally {
    status.stop();
  }
  const { schedule, report } = bundle;
  const { weights, target } = report;
  const nothing = savesNothing(bundle, table, {
    ...given,
    model: path.normalize(given.model),
  });
  if (args.json)
    printJson({
      folder: args.output,
      ...(from && { bundle: path.join(args.output, from.component) }),
      weights,
      ...(bundle.original && { original: bundle.original }),
      schedule,
      ...(recipe && { recipe: recipeRecord(recipe) }),
      ...(nothing && { savesNothing: nothing }),
      ...(target && { target }),
    });
  else {
    if (recipe) printRecipe(recipe);
    printSummary(args, given.model, bundle, table, nothing);
  }
}

/** Timesteps from --timesteps are checked by now; others come from the pipeline file. */
function createPipeline(config: Config & WatchOptions, file: string | undefined): Pipeline {
  try {
    return Pipeline.create(config);
  } catch (error) {
    if (file === undefined || !(error instanceof StepfoldError)) throw error;
    throw error.code.startsWith('TIMESTEPS_') ? inFile(error, file) : error;
  }
}

function addPass(
  pipeline: Pipeline,
  table: PassTable,
  request: PassRequest,
  file: string | undefined,
  index: number,
): Pipeline {
  try {
    return usePass(pipeline, table, request);
  } catch (error) {
    if (file === undefined || !(error instanceof StepfoldError)) throw error;
    throw inPipeline(error, file, index);
  }
}

/** What can be wrong with a plan file beside a model. */
const PLAN_FAULTS: ReadonlySet<string> = new Set([
  'PLAN_LENGTH',
  'PLAN_MISSING_SITES',
  'PLAN_UNASSIGNED',
  'PLAN_UNKNOWN_SITE',
  'PLAN_UNKNOWN_STRATEGY',
]);

const namingPlan = (error: unknown, file: string | undefined): unknown =>
  file !== undefined && error instanceof StepfoldError && PLAN_FAULTS.has(error.code)
    ? inFile(error, file)
    : error;

type Config = Omit<PipelineConfig, 'passes' | 'plugins' | '$schema' | 'target'> & {
  /** Paths as the process has them. */
  readonly plugins: readonly string[];
  readonly target?: Target;
  readonly requests: readonly PassRequest[];
  /** The file that the passes come from; undefined where the command line gives them. */
  readonly requestsFile: string | undefined;
  readonly plan?: PlanFile;
  readonly guidance?: GuidancePair;
  readonly places?: LoopPlaces;
  readonly sampler?: LoopSampler;
  readonly whole?: WholeLoop;
  readonly roles: ReturnType<typeof readRoles>;
  readonly fixedLoop: boolean;
  readonly start: number;
};

/** The config file, overridden by what the command line says as well; the plan where neither does. */
function readConfig(args: Written & { readonly given: string }): Config {
  if (args.config !== undefined && args.pass !== undefined) throw passAndConfig();
  if (args.recipe !== undefined)
    for (const other of ['pass', 'plan', 'config'] as const)
      if (args[other] !== undefined) throw recipeAndPasses(other);
  const file = args.config === undefined ? undefined : readPipeline(args.config);
  const plan = args.plan === undefined ? undefined : readPlan(args.plan);
  const guidance = guidancePair(args, plan);
  const chosen =
    args.timesteps === undefined ? undefined : readTimesteps(args.timesteps, { file: args.model });
  const start = args.start ?? file?.start ?? 0;
  const perStep = callsPerStep(guidance);
  // a list and a plan are for whole loops, where no number of calls says otherwise
  const whole = chosen ? chosen.timesteps.length * perStep : plan?.calls;
  // one of them says it: `requireAll` has asked
  const calls = args.calls ?? file?.calls ?? Math.max(0, whole! - start * perStep);
  const listed = file?.passes ?? (args.pass ? undefined : plan?.passes);
  const requests =
    listed?.map(({ pass, options }) => ({ pass, options: options ?? {} })) ??
    (args.pass ?? []).map(parsePassRequest);
  const target = args.target ?? file?.target;
  if (requests.length === 0 && !target && args.recipe === undefined) throw needsPass(args.plan);
  const steps = start + stepsOfCalls(calls, guidance);
  if (args.timesteps !== undefined && chosen)
    requireLength(args.timesteps, chosen, steps * perStep, guidance);
  const { made, ...madeFor } = readMadeFor(args, args.given, { steps, start }, chosen) ?? {};
  const searched = made || !plan ? undefined : searchedLoop(plan, args.plan!);
  const isSearched = plan?.calls === calls && start === 0;
  const timesteps =
    chosen?.timesteps.slice(start) ??
    file?.timesteps ??
    (isSearched ? searched?.timesteps : undefined);
  const emit = args.emit ?? file?.emit;
  if (args.decode !== undefined && emit !== 'loop') throw decoderWithoutLoop();
  const held = emit === 'loop' ? readWholeLoop(made, args.decode, args.given) : undefined;
  const maxPrograms = args.maxPrograms ?? file?.maxPrograms;
  const weights = args.weights ?? file?.weights;
  return {
    calls,
    plugins: pluginsOf(file, args.config),
    requests,
    requestsFile: file ? args.config : args.pass ? undefined : args.plan,
    shapes: { ...file?.shapes, ...readShapes(args.shape) },
    freeze: { ...file?.freeze, ...readSizes('freeze', args.freeze) },
    roles: readRoles(args),
    fixedLoop: args.fixedLoop,
    start,
    ...(emit && { emit }),
    ...(held && { whole: held }),
    ...(plan && { plan }),
    ...(guidance && { guidance }),
    ...(made ? madeFor : searched && { sampler: searched.sampler }),
    ...(timesteps && { timesteps: [...timesteps] }),
    ...(maxPrograms !== undefined && { maxPrograms }),
    ...(weights && { weights }),
    ...(target && { target: targets[target] }),
  };
}

/** Those of a pipeline file lie beside it. */
const pluginsOf = (file: PipelineConfig | undefined, at = ''): string[] =>
  (file?.plugins ?? []).map((plugin) => path.resolve(path.dirname(at), plugin));

/** How the loop does guidance: as the arguments say, else as the plan does. */
function guidancePair(
  args: TransformArguments,
  plan: PlanFile | undefined,
): GuidancePair | undefined {
  const order = args.guidance ?? plan?.guidance?.order ?? 'none';
  const mode = args.guidanceMode ?? plan?.guidance?.mode ?? 'batch';
  return order === 'none' ? undefined : { order, mode };
}

const readPipeline = (file: string): PipelineConfig =>
  parsePipelineConfig(readRegularText(file), file);

const readPlan = (file: string): PlanFile => parsePlanFile(readRegularText(file), file);
