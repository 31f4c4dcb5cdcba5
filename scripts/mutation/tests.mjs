// Which tests a folder's changes are tried against: its own, and those of what stands on it, but none that
// spawn commands, compile many models or draw for minutes. Of a file whose own tests notice most, those alone.
import fs from 'node:fs';

const MERGED = ['test/lower/kept', 'test/lower/branches', 'test/lower/sharing', 'test/lower/sites'];

/** Folders of test/, and files below them that are left out. */
const TESTS = {
  'passes/canonicalize': [
    'test/passes/canonicalize',
    '!test/passes/canonicalize/architectures',
    '!test/passes/canonicalize/arithmetic',
    '!test/passes/canonicalize/hostile',
  ],
  'passes/canonicalize/apply.ts': ['test/passes/canonicalize/apply'],
  'passes/canonicalize/deterministic.ts': ['test/passes/canonicalize/tensors'],
  'passes/canonicalize/fold.ts': ['test/passes/canonicalize/fold'],
  'passes/canonicalize/functions.ts': ['test/passes/canonicalize/functions'],
  'passes/canonicalize/merge.ts': ['test/passes/canonicalize/merge'],
  'passes/canonicalize/rules/known-integers.ts': ['test/passes/canonicalize/targets'],
  'passes/canonicalize/rules/reshape-target.ts': ['test/passes/canonicalize/targets'],
  'passes/canonicalize/rules/resize-scale.ts': ['test/passes/canonicalize/targets'],
  'passes/canonicalize/small-tensors.ts': ['test/passes/canonicalize/small-tensors'],
  'passes/canonicalize/tensors.ts': ['test/passes/canonicalize/tensors'],
  'passes/ditfastattn': ['test/passes/ditfastattn'],
  'passes/targets': ['test/passes/targets', '!test/passes/targets/bundles'],
  'passes/targets/target.ts': ['test/passes/targets/target'],
  'src/analysis': [
    'test/analysis',
    '!test/analysis/attention.test',
    '!test/analysis/batch-halves',
    '!test/analysis/blocks.test',
    '!test/analysis/papers',
    '!test/analysis/raise.test',
    '!test/analysis/spellings',
  ],
  'src/analysis/ancestry.ts': ['test/analysis/ancestry', 'test/analysis/unet'],
  'src/analysis/attention': [
    'test/analysis/attention-',
    'test/analysis/near-misses',
    'test/analysis/operands',
    'test/analysis/raise-by-hand',
  ],
  'src/analysis/batch-flow.ts': ['test/analysis/batch-', '!test/analysis/batch-halves'],
  'src/analysis/blocks': ['test/analysis/block-', 'test/analysis/blocks-'],
  'src/analysis/branches.ts': ['test/analysis/levels'],
  'src/analysis/free-batch.ts': ['test/analysis/free-batch'],
  'src/analysis/levels.ts': ['test/analysis/levels'],
  'src/analysis/roles.ts': ['test/analysis/roles'],
  'src/analysis/unet.ts': ['test/analysis/unet', 'test/analysis/levels'],
  'src/calibrate': ['test/calibrate'],
  'src/model/cost': ['test/model/cost'],
  'src/model/diff': ['test/model/diff'],
  // those that are left out compile whole models, or spawn
  'src/emit': [
    'test/emit',
    ...['bundle', 'killed', 'layouts', 'replacing', 'report'].map((t) => `!test/emit/${t}.test`),
  ],
  'src/emit/folder.ts': ['test/emit/folder'],
  'src/emit/owned-files.ts': ['test/emit/owned-files', 'test/emit/folder'],
  'src/emit/place-file.ts': ['test/emit/place'],
  'src/emit/place-weights.ts': ['test/emit/place'],
  'src/emit/program-macs.ts': ['test/emit/schedule'],
  'src/emit/schedule.ts': ['test/emit/schedule'],
  'src/emit/weights-record.ts': ['test/emit/place'],
  'src/emit/weights.ts': ['test/emit/weights'],
  'src/io': ['test/io'],
  'src/model/ir': ['test/model/ir'],
  'src/lower': [
    'test/lower',
    '!test/lower/default-form',
    '!test/lower/free-names',
    '!test/lower/parts',
  ],
  'src/lower/beside.ts': ['test/lower/regions'],
  'src/lower/building.ts': ['test/lower/branches', 'test/lower/parts', 'test/lower/sites'],
  'src/lower/chain.ts': ['test/lower/segment', 'test/lower/chain-wires'],
  'src/lower/duplication.ts': ['test/lower/fitting-form'],
  'src/lower/gated-site.ts': [...MERGED, 'test/lower/alternatives'],
  'src/lower/gating.ts': MERGED,
  'src/lower/if-node.ts': MERGED,
  'src/lower/index.ts': ['test/lower/fitting-form'],
  'src/lower/kept.ts': ['test/lower/kept'],
  'src/lower/liveness.ts': ['test/lower/branches', 'test/lower/sharing', 'test/lower/sites'],
  'src/lower/merged.ts': MERGED,
  'src/lower/names.ts': ['test/lower/kept'],
  'src/lower/outputs.ts': ['test/lower/kept', 'test/lower/segments'],
  'src/lower/own-nodes.ts': ['test/lower/regions', 'test/lower/branches'],
  'src/lower/region.ts': ['test/lower/regions'],
  'src/lower/same-model.ts': ['test/lower/same-model'],
  'src/lower/split.ts': [
    'test/lower/branches',
    'test/lower/fitting-form',
    'test/lower/segment-names',
    'test/lower/sharing',
    'test/lower/sites',
  ],
  'src/lower/states.ts': ['test/lower/sites', 'test/lower/unknown-sizes'],
  'src/lower/strategy-inputs.ts': MERGED,
  'src/measure': [
    'test/measure',
    '!test/measure/bench',
    '!test/measure/fused-module',
    '!test/measure/pairs',
    '!test/measure/verify',
  ],
  'src/measure/bench.ts': ['test/measure/bench', 'test/measure/difference'],
  'src/measure/bundle.ts': [
    'test/measure/bundle',
    'test/measure/identity',
    'test/measure/whole-weights',
  ],
  'src/measure/claims': ['test/measure/claims/'],
  'src/measure/combinations.ts': ['test/measure/combinations'],
  'src/measure/decides.ts': ['test/measure/readings'],
  'src/measure/denoise-bundle.ts': ['test/measure/generate', 'test/measure/loop-'],
  'src/measure/difference.ts': ['test/measure/difference'],
  'src/measure/feed-sets.ts': ['test/measure/proof-feeds'],
  'src/measure/feeds.ts': ['test/measure/feeds', 'test/measure/halves'],
  'src/measure/identity.ts': ['test/measure/identity'],
  'src/measure/keep-roundings.ts': ['test/measure/memory-and-halves'],
  'src/measure/labels.ts': ['test/measure/readings'],
  'src/measure/loop-sizes.ts': ['test/measure/generate', 'test/measure/loop-'],
  'src/measure/loop.ts': ['test/measure/loop.test'],
  'src/measure/noise.ts': ['test/measure/readings'],
  'src/measure/numbers.ts': ['test/measure/memory-and-halves', 'test/measure/verdict'],
  'src/measure/pairs.ts': ['test/measure/halves'],
  'src/measure/play.ts': ['test/measure/play'],
  'src/measure/proof-feeds.ts': ['test/measure/proof-feeds'],
  'src/measure/reference': ['test/measure/reference'],
  'src/measure/scratch.ts': ['test/measure/scratch'],
  'src/measure/statements': ['test/measure/statements/'],
  'src/measure/tolerance.ts': ['test/measure/readings'],
  'src/measure/trace.ts': ['test/measure/loop-denoisers'],
  'src/measure/verify.ts': ['test/measure/verdict'],
  'src/measure/whole-weights.ts': ['test/measure/whole-weights'],
  'src/model/onnx': ['test/model/onnx', '!test/model/onnx/large'],
  'src/plan': ['test/plan', '!test/plan/written-states'],
  'src/plan/bit-sets.ts': ['test/plan/bit-sets'],
  'src/plan/exactness.ts': ['test/plan/group'],
  'src/plan/flow.ts': ['test/plan/flow', 'test/plan/programs'],
  'src/plan/partition.ts': ['test/plan/partition'],
  'src/plan/plan.ts': ['test/plan/plan'],
  'src/plan/row-joins.ts': ['test/plan/group', 'test/plan/readable'],
  'src/plan/union-writes.ts': ['test/plan/union-writes'],
  'src/runtime/session': ['test/runtime/session'],
  'src/runtime/samplers': ['test/runtime/samplers'],
  'src/runtime/schedule': ['test/runtime/schedule'],
  'src/model/shape': [
    'test/model/shape',
    '!test/model/shape/architectures',
    '!test/model/shape/operators',
  ],
  'src/model/shape/bounds.ts': ['test/model/shape/dim', 'test/model/shape/bounds'],
  'src/model/shape/context.ts': [
    'test/model/shape/inf',
    'test/model/shape/branches',
    'test/model/shape/selections',
    'test/model/shape/products',
  ],
  'src/model/shape/dim.ts': ['test/model/shape/dim', 'test/model/shape/expressions'],
  'src/model/shape/divide.ts': ['test/model/shape/dim', 'test/model/shape/bounds'],
  'src/model/shape/fix.ts': ['test/model/shape/fix'],
  'src/model/shape/followers.ts': ['test/model/shape/followers'],
  'src/model/shape/infer.ts': ['test/model/shape/inf', 'test/model/shape/branches'],
  'src/model/shape/output-types.ts': ['test/model/shape/branches'],
  'src/model/shape/parse.ts': ['test/model/shape/dim', 'test/model/shape/parse'],
  'src/model/shape/rules/broadcasting.ts': [
    'test/model/shape/integers',
    'test/model/shape/partly-known',
  ],
  'src/model/shape/rules/control.ts': ['test/model/shape/branches'],
  'src/model/shape/rules/convolution.ts': ['test/model/shape/convolutions'],
  'src/model/shape/rules/elementwise.ts': [
    'test/model/shape/integers',
    'test/model/shape/partly-known',
  ],
  'src/model/shape/rules/fractions.ts': [
    'test/model/shape/integers',
    'test/model/shape/partly-known',
  ],
  'src/model/shape/rules/layout.ts': ['test/model/shape/layout', 'test/model/shape/made-up'],
  'src/model/shape/rules/microsoft.ts': [
    'test/model/shape/other-processors',
    'test/model/shape/products',
  ],
  'src/model/shape/rules/nchwc.ts': ['test/model/shape/other-processors'],
  'src/model/shape/rules/normalization.ts': ['test/model/shape/products'],
  'src/model/shape/rules/product.ts': [
    'test/model/shape/other-processors',
    'test/model/shape/products',
  ],
  'src/model/shape/rules/quantization.ts': ['test/model/shape/products'],
  'src/model/shape/rules/reduction.ts': [
    'test/model/shape/integers',
    'test/model/shape/reductions',
  ],
  'src/model/shape/rules/resize.ts': ['test/model/shape/resize'],
  'src/model/shape/rules/rounds.ts': ['test/model/shape/branches', 'test/model/shape/rounds'],
  'src/model/shape/rules/selection.ts': [
    'test/model/shape/made-up',
    'test/model/shape/selections',
    'test/model/shape/slices',
  ],
  'src/model/shape/rules/sequence.ts': ['test/model/shape/branches'],
  'src/model/shape/rules/sources.ts': [
    'test/model/shape/integers',
    'test/model/shape/made-up',
    'test/model/shape/sources',
  ],
  'src/model/shape/stale-types.ts': ['test/model/shape/stale-types'],
  'src/model/shape/stated.ts': ['test/model/shape/inference'],
  'src/model/shape/table.ts': ['test/model/shape/inf'],
  ...Object.fromEntries(
    [
      ...['attention', 'branch-weights', 'channel-affine', 'padded-convolution', 'tanh-gelu'],
      'upsampled-convolution',
    ].map((rule) => [`passes/targets/onnxruntime-cpu/${rule}.ts`, [`test/passes/targets/${rule}`]]),
  ),
};

/** Modules that keep what they computed from call to call: each change needs a process of its own. */
export const KEEPS_RESULTS = ['src/model/shape/dim.ts'];

/** What is named for the nearest folder. */
export function testsOf(file) {
  for (let folder = file; folder.includes('/'); folder = folder.slice(0, folder.lastIndexOf('/')))
    if (TESTS[folder]) return TESTS[folder];
  throw new Error(`no tests are named for ${file} in scripts/mutation/tests.mjs: say --tests`);
}

/** The test files whose path begins with one of these, less those that begin with one behind a `!`. */
export function testFiles(beginnings) {
  const begins = (file, marks) => marks.some((mark) => file.startsWith(mark));
  const without = beginnings.filter((b) => b.startsWith('!')).map((b) => b.slice(1));
  const wanted = beginnings.filter((b) => !b.startsWith('!'));
  return fs
    .readdirSync('test', { recursive: true })
    .map((file) => `test/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.test.ts') && begins(file, wanted) && !begins(file, without))
    .sort();
}
