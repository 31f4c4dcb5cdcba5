// What Stepfold makes of one model: `node file.mjs MODEL JSON` prints a row of cells as JSON. A
// process for each model, so that what one needs in memory, or breaks, does not touch the next.
import fs from 'node:fs';
import path from 'node:path';
import {
  analyzeUnet,
  deepcache,
  deltaCache,
  depthSkip,
  ditfastattn,
  findAttention,
  findBlocks,
  moduleCache,
} from '../../dist/passes/index.js';
import { prepare } from '../../dist/src/compiler/pipeline/index.js';
import { Pipeline, StepfoldError } from '../../dist/src/index.js';
import { loadModel, verifyBundle, writeBundle } from '../../dist/src/node.js';
import { everyStrategy, filled } from '../sample-models.mjs';

const [file, asked] = process.argv.slice(2);
const { holds, inputs: shapes, run, forms, passes, scratch, inspected } = JSON.parse(asked);

const CALLS = 5;
const GUIDANCE = { order: 'uncond-first', mode: 'batch' };

/** With onnxruntime's optimizations too in the first of several forms, which all give the same numbers. */
const CHECKS = {
  forms,
  levelsOf: (form) => (form === 'split' || form === 'default' ? ['disabled', 'all'] : ['disabled']),
};
/** Where forms and optimizations say nothing that the other columns do not. */
const ONE_CHECK = { forms: ['default'], levelsOf: () => ['disabled'] };

/** What an error says, for a table. */
const refusal = (error) => {
  if (!(error instanceof StepfoldError)) throw error;
  return {
    state: 'refused',
    code: error.code,
    reason: error.message.replaceAll(`${scratch}/`, ''),
  };
};

async function inspect(model) {
  const { canonical, shapes: known } = await prepare(model);
  const unet = analyzeUnet(canonical.graph, known);
  const { found } = findAttention(canonical.graph, known);
  const { stages } = findBlocks(canonical.graph, known, found);
  const count = (kind) => found.filter((attention) => attention.kind === kind).length;
  return {
    branches: unet.isUnet ? unet.joins.length : 0,
    selfAttentions: count('self'),
    crossAttentions: count('cross'),
    blocks: stages.flat().length,
  };
}

async function transformed(name, model, source, pass, options, more = {}, checks = CHECKS) {
  const cell = { state: 'transformed', forms: {} };
  for (const form of checks.forms) {
    try {
      const emit = form === 'default' ? {} : { emit: form };
      const pipeline = Pipeline.create({ calls: CALLS, ...emit, ...more });
      const compilation = await pipeline.use(pass, options).compile(model);
      cell.programs = compilation.lowered.programs.size;
      cell.forms[form] = source
        ? await checked(
            compilation,
            path.join(scratch, `${name}-${form}`),
            source,
            checks.levelsOf(form),
          )
        : { state: 'transformed' };
    } catch (error) {
      cell.forms[form] = refusal(error);
    }
  }
  return cell;
}

async function checked(compilation, folder, source, levels) {
  writeBundle(compilation, folder, { sourceFile: source });
  const options = { folder, model: source, shapes, levels };
  const report = await verifyBundle(options).catch((error) => ({ error }));
  fs.rmSync(folder, { recursive: true });
  if (report.error) return { ...refusal(report.error), state: 'not run' };
  const worst = Math.max(0, ...report.checks.map((check) => check.relative));
  const { passed, unproved, notes, statements, checks } = report;
  const state = checks.length === 0 ? 'not run' : passed ? 'verified' : 'failed';
  return {
    state,
    worst,
    loop: checks.some((check) => check.kind === 'loop'),
    ...(notes.length > 0 && { notes }),
    ...(unproved.length > 0 && { unproved }),
    ...(statements.length > 0 && { statements }),
  };
}

/** The cell of each pass, of a model and what is known of it. */
const CELLS = {
  deepcache: ({ denoiser, source, branch }) =>
    transformed('deepcache', denoiser, source, deepcache, { branch, interval: 2 }),
  async ditfastattn({ denoiser, source }) {
    const plan = await everyStrategy(denoiser, {
      calls: CALLS,
      guidance: GUIDANCE,
      window: '1/4',
      leftOut: ['window-only'],
    }).catch(refusal);
    if (plan.state === 'refused') return plan;
    const more = { plan, guidance: GUIDANCE };
    return transformed('ditfastattn', denoiser, source, ditfastattn, { window: '1/4' }, more);
  },
  'delta-cache': ({ denoiser, source }) =>
    transformed('delta', denoiser, source, deltaCache, { blocks: 1, interval: 2 }),
  'depth-skip': ({ denoiser, source, branch }) =>
    transformed('depth', denoiser, source, depthSkip, { branch }),
  'module-cache': ({ denoiser, source }) =>
    transformed('modules', denoiser, source, moduleCache, { interval: 2 }, {}, ONE_CHECK),
};

async function row() {
  const model = loadModel(file);
  const found = inspected ?? (await inspect(model).catch(refusal));
  const source = run ? filled(file, path.join(scratch, 'model')) : undefined;
  const denoiser = source ? loadModel(source) : model;
  const branch = Math.max(1, Math.ceil((found.branches ?? 0) / 2));
  const cells = { inspect: found };
  for (const pass of passes) cells[pass] = await CELLS[pass]({ denoiser, source, branch });
  return cells;
}

fs.mkdirSync(scratch, { recursive: true });
console.log(JSON.stringify({ holds, cells: await row() }));
