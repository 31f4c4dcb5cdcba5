/** What to do with a model: what it is, which commands fit it, and why the others do not. */
import path from 'node:path';
import type { FoundRecipes, Setting } from '../../../passes/recipes/index.js';
import { type RecipeLoop, recipesOfPrepared } from '../../../passes/recipes/of-model.js';
import { type Inspected, inspectModel } from '../../compiler/inspect/inspect.js';
import type { PassTable } from '../../compiler/pass/index.js';
import { loadModel } from '../../model/onnx/files.js';
import { findModel, suitedSampler } from '../../runtime/model-folder/index.js';
import { whatItIs } from '../actions/inspect/what-it-is.js';
import { familyTitle } from '../recipe.js';
import { DEFAULT_SAMPLER } from '../sampler-options.js';
import { type Condition, conditionsOf } from './conditions.js';
import { outputName } from './output-name.js';
import { type Refusal, refusals } from './refusals.js';
import { usualGuidance, usualSampler } from './usual-loop.js';

/** A command line without the program's name, in the pieces that it may be broken between. */
export type CommandLine = readonly (readonly string[])[];

export interface ProposedCommand {
  readonly what: string;
  readonly line: CommandLine;
  /** What in it is to be replaced, and by what; none where it runs as it stands. */
  readonly replace: Readonly<Record<string, string>>;
}

export interface Proposal {
  readonly what: readonly string[];
  readonly inspection: Inspected['inspection'];
  readonly family: FoundRecipes['family'];
  readonly title: string;
  readonly commands: readonly ProposedCommand[];
  /** What was taken for granted: sentences without a full stop. */
  readonly notes: readonly string[];
  /** Where no command fits. */
  readonly refused: readonly Refusal[];
}

export interface ProposalRequest extends RecipeLoop {
  /** As it was given: a file, or a folder. */
  readonly model: string;
  /** Where it lies, if not there. */
  readonly file?: string;
  readonly output?: string | undefined;
  /** Options that say how the model is read, as they were given. */
  readonly reading: CommandLine;
  readonly table: PassTable;
}

/** @throws what reading the model throws */
export async function proposalFor(request: ProposalRequest): Promise<Proposal> {
  const { file, pipeline } = findModel(request.file ?? request.model);
  const inspected = await inspectModel(loadModel(file), request);
  const { inspection, prepared } = inspected;
  const found = recipesOfPrepared(prepared, request);
  const { latent, timestep } = inspection.roles;
  const isLoop = latent !== undefined && timestep !== undefined;
  const folders = [path.dirname(file), ...(pipeline ? [pipeline.folder] : [])];
  const conditions = conditionsOf(inspection.inputs, folders);
  const hasEmpty = conditions.some(({ empty }) => empty !== undefined);
  const of = {
    ...{ request, found, conditions, hasEmpty },
    guidance: conditions.length > 0 ? usualGuidance(found.family?.name, hasEmpty) : undefined,
    sampler: pipeline ? suitedSampler(pipeline.folder) : usualSampler(found.family?.name),
  };
  const commands = isLoop ? [...recipeCommands(of), tuneCommand(of)] : [];
  return {
    what: whatItIs(inspected),
    inspection,
    family: found.family,
    title: familyTitle(found.family),
    commands,
    notes: isLoop ? [...sizeNotes(inspection), ...notesOf(of, pipeline !== undefined)] : [],
    refused: isLoop ? [] : refusals(found.context, request.table),
  };
}

interface Subject {
  readonly request: ProposalRequest;
  readonly found: ReturnType<typeof recipesOfPrepared>;
  readonly conditions: readonly Condition[];
  /** Whether an array for the unconditional half lies beside the model. */
  readonly hasEmpty: boolean;
  /** As such models are mostly run. */
  readonly guidance: ReturnType<typeof usualGuidance>;
  readonly sampler: string | undefined;
}

/** Sizes beside the batch that the model leaves open, which a search has to choose. */
function sizeNotes({ inputs, sizes }: Inspected['inspection']): string[] {
  const latent = inputs.find(({ role }) => role === 'latent');
  const open = (latent?.shape ?? []).slice(1).filter((size) => typeof size === 'string');
  const taken = open.flatMap((name) =>
    sizes[name] === undefined ? [] : [`${name}=${sizes[name]}`],
  );
  if (taken.length === 0) return [];
  const flags = taken.map((size) => `--freeze ${size}`).join(' ');
  return [`\`tune\` takes ${taken.join(', ')}; other sizes are said as in ${flags}`];
}

function notesOf({ sampler, guidance }: Subject, isPipeline: boolean): string[] {
  return [
    ...(isPipeline
      ? []
      : [
          `a file does not say its noise schedule, so that ${sampler ?? DEFAULT_SAMPLER} is taken as it comes: say yours (--sampler, --betas, --prediction and others of \`stepfold tune --help\`), or point at the folder of the pipeline`,
        ]),
    ...(guidance
      ? ['guidance is as pipelines of such models have it by default; change it to yours']
      : []),
  ];
}

const OFFERED = ['balanced', 'fast', 'exact'] as const;

function recipeCommands({ request, found, sampler }: Subject): ProposedCommand[] {
  const { model, reading, output, guidance } = request;
  return OFFERED.flatMap((name): ProposedCommand[] => {
    const setting = found.settings.find((one) => one.name === name);
    if (!setting?.passes) return [];
    return [
      {
        what: describe(setting, found.calls),
        line: [
          ['transform', model],
          ['--recipe', name],
          ['--calls', String(found.calls)],
          ...(guidance ? [['--guidance', guidance.order]] : []),
          ...(guidance && guidance.mode !== 'batch' ? [['--guidance-mode', guidance.mode]] : []),
          ...(sampler === undefined ? [] : [['--sampler', sampler]]),
          ...reading,
          ['-o', output ?? outputName(model, name)],
        ],
        replace: {},
      },
    ];
  });
}

/** In which share of the calls the model runs, where that is what the recipe says. */
function describe({ name, passes, settings }: Setting, calls: number): string {
  const full = passes?.[0]?.options['full-calls'];
  if (typeof full !== 'number') return `Recipe ${name}: ${settings}`;
  return `Recipe ${name}: ${full} of ${calls} calls run the model, the others forecast it`;
}

function tuneCommand(subject: Subject): ProposedCommand {
  const { request, conditions, hasEmpty, guidance, sampler } = subject;
  const { model, reading } = request;
  const replace: Record<string, string> = {};
  const fileOf = (condition: Condition, half: 'file' | 'empty') => {
    const known = condition[half];
    if (known !== undefined) return known;
    const made = `${half === 'file' ? '' : 'empty-'}${condition.name}.npy`;
    replace[made] =
      half === 'file'
        ? `${condition.takes}, a row for each of your images, as your pipeline feeds it`
        : `the same of the empty prompt or the null class, one row`;
    return made;
  };
  const feeds = conditions.map((one) => ['--feed', `${one.name}=${fileOf(one, 'file')}`]);
  const halves = guidance
    ? [
        ['--guidance', guidance.order],
        ['--guidance-scale', String(guidance.scale)],
        ...conditions
          .filter(({ empty }) => empty !== undefined || !hasEmpty)
          .map((one) => ['--unconditional', `${one.name}=${fileOf(one, 'empty')}`]),
      ]
    : [];
  return {
    what: 'Searched on this model and machine, proved and written: minutes to hours',
    line: [
      ['tune', model],
      ['--speedup', '2'],
      ...(sampler === undefined ? [] : [['--sampler', sampler]]),
      ...halves,
      ...feeds,
      ...reading,
      ['-o', outputName(model, 'tuned')],
    ],
    replace,
  };
}
