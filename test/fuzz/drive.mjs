// What is done with an input: the work of the commands themselves, in this process. They may refuse
// it with a StepfoldError; anything else that is thrown is a failure.
import fs from 'node:fs';
import path from 'node:path';
import { parsePipelineConfig } from '../../dist/src/runtime/schedule/index.js';

const action = (name) => import(`../../dist/src/cli/actions/${name}.js`);
const { inspect } = await action('inspect');
const { printCommand } = await action('print');
const { transform } = await action('transform');
const { showPlan } = await action('plan');
const { verify } = await action('verify');
const { run } = await action('run');
const { fill } = await action('fill');
const { report: page } = await action('report');
const { diff } = await action('diff');
const { parseModel, printModel } = await import('../../dist/src/index.js');
const { decodePng } = await import('../../dist/src/io/images.js');
const { readNpy, writeNpy } = await import('../../dist/src/io/npy.js');
const { checkFiles, openBundle } = await import('../../dist/src/runtime/node/index.js');
const { readTimesteps } = await import('../../dist/src/cli/timesteps-file.js');
const { readPairs } = await import('../../dist/src/cli/actions/report/pictures.js');
const { readPartial } = await import('../../dist/src/evidence/calibrate/resume.js');
const { readFeeds, readShapes, readSizes, readSizeList } = await import(
  '../../dist/src/cli/arguments.js'
);
const { checkOptions, parsePassRequest } = await import('../../dist/src/compiler/pass/index.js');
const { passes } = await import('../../dist/passes/index.js');

export const UNET_PASSES = [
  'deepcache:branch=1,interval=2',
  'deepcache:branch=2,interval=3,strategy=zero',
  'depth-skip:branch=2',
  'delta-cache:blocks=1,interval=2',
];
export const TRANSFORMER_PASSES = [
  'ditfastattn:strategy=reuse,interval=2',
  'ditfastattn:strategy=window,window=1,interval=2',
  'ditfastattn:strategy=guidance-share,interval=2',
  'delta-cache:blocks=1,interval=2',
  'delta-cache:blocks=2,interval=3',
];
const ALL_PASSES = [...UNET_PASSES, ...TRANSFORMER_PASSES];

/** Mostly such as fit the model, so that more than their first refusal is tried. */
const passesFor = (origin = '', c) =>
  c.chance(1, 5)
    ? ALL_PASSES
    : /deep|skip|unet|ddpm/.test(origin)
      ? UNET_PASSES
      : TRANSFORMER_PASSES;

/** @param steps how each step ends: `refused` with its code, or `done` */
async function attempt(report, step, act) {
  report.step(step);
  try {
    await act();
    report.done(step);
    return true;
  } catch (error) {
    if (error?.name !== 'StepfoldError') throw error;
    report.refused(step, error);
    return false;
  }
}

/** A model file in `folder`: looked at, printed, and transformed in one way of many. */
export async function driveModel(report, { file, folder, origin, choices: c, whole = false }) {
  if (
    !(await attempt(report, 'inspect', () =>
      inspect({ model: file, json: c.chance(1, 2), explain: true }),
    ))
  )
    if (!c.chance(1, 4)) return;
  if (!whole || c.chance(1, 10))
    await attempt(report, 'print', async () => {
      await printCommand({ model: file, canonical: c.chance(1, 3), elements: 40, json: false });
    });
  const output = path.join(folder, 'out');
  const pass = Array.from({ length: c.few(3) }, () => c.pick(passesFor(origin, c)));
  const guidance = c.pick(['none', 'none', 'cond-first', 'uncond-first']);
  const written = await attempt(report, 'transform', () =>
    transform({
      model: file,
      output,
      pass: [...new Set(pass)],
      calls: c.pick([1, 2, 4, 6]),
      emit: c.pick(['split', 'merged', 'chain', undefined]),
      weights: c.pick(['link', 'copy', 'prune', undefined]),
      maxPrograms: c.pick([undefined, undefined, 1, 2]),
      guidance,
      guidanceMode: c.pick(['batch', 'two-calls']),
      freeze: c.chance(1, 8) ? ['batch=2'] : undefined,
      force: false,
      json: true,
    }),
  );
  if (written) {
    await attempt(report, 'plan', () => showPlan({ plan: output, json: false }));
    if (c.chance(1, 4))
      await attempt(report, 'verify', () =>
        verify({ bundle: output, against: file, seed: 1, optimization: 'disabled', json: true }),
      );
    if (c.chance(1, 3)) await drawPage(report, { bundle: output, against: file, folder });
    const program = fs.readdirSync(output).find((name) => name.endsWith('.onnx'));
    if (program && c.chance(1, 3))
      await attempt(report, 'diff', async () => {
        const canonical = c.chance(1, 2);
        await diff({
          before: file,
          after: path.join(output, program),
          canonical,
          nodes: 0,
          json: false,
        });
        process.exitCode = undefined; // `diff` says by it that two models differ
      });
  }
  if (c.chance(1, 6))
    await attempt(report, 'fill', () =>
      fill({ model: file, output: path.join(folder, 'filled'), seed: 1, json: true }),
    );
}

/** The page of a bundle, of which nothing is run. */
const drawPage = (report, { bundle, against, folder }) =>
  attempt(report, 'report', () =>
    page({
      bundle,
      against,
      output: path.join(folder, 'report.html'),
      measure: false,
      force: false,
      json: true,
    }),
  );

/** Whoever proves a bundle at a million columns gets the work of a million columns. */
function asksForMuch(bundle) {
  try {
    const { cost } = JSON.parse(fs.readFileSync(path.join(bundle, 'schedule.json'), 'utf8'));
    return Object.values(cost.macs.bindings).some((size) => size > 1024);
  } catch {
    return false;
  }
}

/** A bundle whose schedule was changed: opened, and run where that goes. */
export async function driveBundle(report, { bundle, model, choices: c }) {
  await attempt(report, 'plan', () =>
    showPlan({ plan: bundle, svg: path.join(bundle, '..', 'out.svg'), json: c.chance(1, 2) }),
  );
  await drawPage(report, {
    bundle,
    against: c.pick([model, undefined]),
    folder: path.join(bundle, '..'),
  });
  const opened = await attempt(report, 'open', async () => {
    const session = await openBundle(bundle, {
      load: c.pick(['lazy', undefined]),
      verifyHashes: c.chance(1, 2),
    });
    await checkFiles(bundle, session.schedule ?? { weights: [], models: {} });
    await session.release();
  });
  if (!opened && !c.chance(1, 10)) return;
  if (!asksForMuch(bundle))
    await attempt(report, 'verify', () =>
      verify({ bundle, against: model, seed: 1, optimization: 'disabled', json: true }),
    );
  await attempt(report, 'run', () =>
    run({
      bundle,
      output: path.join(bundle, '..', 'samples'),
      sampler: 'ddim',
      seed: 1,
      steps: undefined,
      worker: false,
      json: true,
    }),
  );
}

export const drivePlan = async (report, { file, model, folder, choices: c }) => {
  await attempt(report, 'plan', () =>
    showPlan({ plan: file, svg: path.join(folder, 'out.svg'), json: c.chance(1, 2) }),
  );
  await attempt(report, 'transform', () =>
    transform({
      model,
      plan: file,
      output: path.join(folder, 'out'),
      maxPrograms: c.pick([undefined, 1, 2]),
      force: false,
      json: true,
    }),
  );
};

export const driveConfig = async (report, { file, model, folder }) => {
  const read = await attempt(report, 'parse', () =>
    parsePipelineConfig(fs.readFileSync(file, 'utf8'), file),
  );
  if (read)
    await attempt(report, 'transform', () =>
      transform({
        model,
        config: file,
        output: path.join(folder, 'out'),
        force: false,
        json: true,
      }),
    );
};

export const driveTimesteps = async (report, { file, model, folder }) => {
  const read = await attempt(report, 'parse', () => readTimesteps(file, { file: model }));
  if (read)
    await attempt(report, 'transform', () =>
      transform({
        model,
        timesteps: file,
        pass: ['deepcache:branch=1,interval=2'],
        output: path.join(folder, 'out'),
        force: false,
        json: true,
      }),
    );
};

export const driveArray = (report, { file }) =>
  attempt(report, 'read', () => {
    const { type, data, dims } = readNpy(new Uint8Array(fs.readFileSync(file)), file);
    writeNpy({ type, data, dims });
  });

/** A file given in the place of each of the others that are read. */
export const driveGiven = async (report, { file, folder, choices: c }) => {
  const reader = c.pick([
    () => readFeeds('feed', [`x=${file}`]),
    () => readPartial(file.replace(/\.partial\.json$/, ''), {}),
    () => transform({ model: file, config: file, output: path.join(folder, 'out'), json: true }),
    () => diff({ before: file, after: file, nodes: 0, json: true }),
  ]);
  await attempt(report, 'read', reader);
};

export const drivePairs = (report, { pictures }) =>
  attempt(report, 'read', () => readPairs(pictures));

/** A pipeline's folder: its scheduler is read by `run`, and all of it copied by `transform`. */
export const drivePipeline = async (report, { pipeline, folder }) => {
  await attempt(report, 'run', () =>
    run({
      bundle: pipeline,
      output: path.join(folder, 'samples'),
      sampler: 'ddim',
      seed: 1,
      steps: 2,
      json: true,
    }),
  );
  await attempt(report, 'transform', () =>
    transform({
      model: pipeline,
      output: path.join(folder, 'out'),
      pass: ['deepcache:branch=1,interval=2'],
      calls: 2,
      force: false,
      json: true,
    }),
  );
};

export const driveText = (report, { file }) =>
  attempt(report, 'parse', () => {
    const model = parseModel(fs.readFileSync(file, 'utf8'), file);
    parseModel(printModel(model, { maxElements: Number.POSITIVE_INFINITY }), 'printed');
  });

export const driveOptions = (report, { file }) =>
  attempt(report, 'parse', () => {
    const { pass, options } = parsePassRequest(fs.readFileSync(file, 'utf8'));
    if (Object.hasOwn(passes, pass)) checkOptions(passes[pass], options);
  });

export const drivePicture = (report, { file }) =>
  attempt(report, 'decode', () => decodePng(new Uint8Array(fs.readFileSync(file)), file));

export const PARTIAL = {
  format: 'stepfold.calibration-partial',
  version: 1,
  search: { model: 'a', calls: '2' },
  decided: [{ row: ['compute', 'reuse'], losses: [null, 0.1], attempts: 3, evaluations: 2.5 }],
  seconds: 3,
};
export const drivePartial = (report, { file }) =>
  attempt(report, 'resume', () => {
    const { decided } = readPartial(file.slice(0, -'.partial.json'.length), PARTIAL.search);
    for (const { row, losses } of decided)
      for (const i of row.keys()) void [row[i].length, losses[i]];
  });

export async function driveArguments(report, { file }) {
  const text = fs.readFileSync(file, 'utf8');
  const check = (sizes) => {
    const wrong = sizes.find((size) => !Number.isSafeInteger(size) || size < 1);
    if (wrong !== undefined) throw new Error(`a size of ${wrong}`);
  };
  await attempt(report, 'shapes', () => check(Object.values(readShapes([text])).flat()));
  await attempt(report, 'sizes', () => check(Object.values(readSizes('freeze', [text]))));
  await attempt(report, 'size list', () => check(readSizeList('latent-shape', text)));
}
