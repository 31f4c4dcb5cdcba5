/** What `stepfold transform` does. */
import path from 'node:path';
import { passes } from '../../../passes/index.js';
import { checkTarget, writeBundle } from '../../emit/index.js';
import {
  inPipeline,
  needsCalls,
  needsPass,
  passAndConfig,
  StepfoldError,
  unknownPass,
} from '../../errors/index.js';
import { loadModel } from '../../onnx/files.js';
import { type PassRequest, parsePassRequest } from '../../pass/index.js';
import { Pipeline } from '../../pipeline/index.js';
import {
  type PipelineConfig,
  type PlanFile,
  parsePipelineConfig,
  parsePlanFile,
  type Schedule,
} from '../../schedule/index.js';
import { readFile, readRoles, readShapes, readSizes } from '../arguments.js';
import type { TransformArguments } from '../commands/transform.js';
import {
  formatBytes,
  formatMacs,
  formatSizes,
  heading,
  print,
  printJson,
  printTable,
} from '../output.js';
import { startStatus } from '../progress.js';

export async function transform(args: TransformArguments): Promise<void> {
  const config = readConfig(args);
  checkTarget(args.output, args.force, args.model);
  const status = startStatus(args.json);
  let schedule: Schedule;
  try {
    status.show(`Reading ${args.model}`);
    const model = loadModel(args.model);
    let pipeline = Pipeline.create(config);
    for (const [index, request] of config.requests.entries())
      pipeline = addPass(pipeline, request, args.config, index);
    status.show('Compiling');
    const compilation = await pipeline.compile(model);
    status.show(`Writing ${args.output}`);
    schedule = writeBundle(compilation, args.output, {
      sourceFile: args.model,
      weights: config.weights ?? 'link',
      force: args.force,
    });
  } finally {
    status.stop();
  }
  if (args.json) printJson({ folder: args.output, schedule });
  else printSummary(args.output, args.model, schedule);
}

function addPass(
  pipeline: Pipeline,
  { pass, options }: PassRequest,
  file: string | undefined,
  index: number,
): Pipeline {
  try {
    const found = passes[pass];
    if (!found) throw unknownPass(pass, Object.keys(passes));
    return pipeline.use(found, options as never);
  } catch (error) {
    if (file === undefined || !(error instanceof StepfoldError)) throw error;
    throw inPipeline(error, file, index);
  }
}

type Config = Omit<PipelineConfig, 'passes' | '$schema'> & {
  readonly requests: readonly PassRequest[];
  readonly plan?: PlanFile;
  readonly roles: ReturnType<typeof readRoles>;
};

/** The config file, overridden by what the command line says as well. */
function readConfig(args: TransformArguments): Config {
  if (args.config !== undefined && args.pass !== undefined) throw passAndConfig();
  const file =
    args.config === undefined
      ? undefined
      : parsePipelineConfig(new TextDecoder().decode(readFile(args.config)), args.config);
  const calls = args.calls ?? file?.calls;
  const requests =
    file?.passes.map(({ pass, options }) => ({ pass, options: options ?? {} })) ??
    (args.pass ?? []).map(parsePassRequest);
  if (requests.length === 0) throw needsPass();
  if (calls === undefined) throw needsCalls();
  const emit = args.emit ?? file?.emit;
  const weights = args.weights ?? file?.weights;
  const plan = args.plan === undefined ? undefined : readPlan(args.plan);
  return {
    calls,
    requests,
    shapes: { ...file?.shapes, ...readShapes(args.shape) },
    freeze: { ...file?.freeze, ...readSizes('freeze', args.freeze) },
    roles: readRoles(args),
    ...(emit && { emit }),
    ...(plan && { plan }),
    ...(weights && { weights }),
  };
}

const readPlan = (file: string): PlanFile =>
  parsePlanFile(new TextDecoder().decode(readFile(file)), file);

const plural = (things: object, what: string) => {
  const count = Object.keys(things).length;
  return `${count} ${what}${count === 1 ? '' : 's'}`;
};

function printSummary(folder: string, model: string, schedule: Schedule): void {
  const { macs, stateBytes } = schedule.cost ?? {};
  print(
    `${folder}: ${schedule.emit}, ${plural(schedule.models, 'model')}, ${plural(schedule.states, 'state')} (${formatBytes(stateBytes)})`,
  );
  for (const [id, site] of Object.entries(schedule.sites ?? {}))
    print(`Site ${id}: ${site.description}`);
  if (macs) {
    const { all, layers } = macs.convention;
    heading(`Programs (MACs for ${formatSizes(macs.bindings)})`);
    printTable(
      ['program', 'calls', 'MACs in layers', 'with attention'],
      [
        ...Object.keys(schedule.programs).map((name) => [
          name,
          schedule.calls.filter((c) => c === name).length,
          formatMacs(layers.programs[name] ?? 0),
          formatMacs(all.programs[name] ?? 0),
        ]),
        ['average', schedule.calls.length, formatMacs(layers.perCall), formatMacs(all.perCall)],
        ['source', schedule.calls.length, formatMacs(layers.source), formatMacs(all.source)],
      ],
    );
  }
  // quoted for a shell where it needs to be
  const q = (p: string) => (/^[\w./:@+=-]+$/.test(p) ? p : `'${p.replaceAll("'", "'\\''")}'`);
  heading('Next');
  print(`stepfold verify ${q(folder)} --against ${q(path.normalize(model))}`);
  print(`stepfold bench ${q(folder)} --against ${q(path.normalize(model))}`);
}
