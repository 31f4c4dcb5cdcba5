// Which tests a folder's changes are tried against: its own, and those of what stands on it, but none that
// spawn commands, compile many models or draw for minutes. Of a file whose own tests notice most, those alone.
import fs from 'node:fs';

const MERGED = [
  'test/compiler/lower/kept',
  'test/compiler/lower/branches',
  'test/compiler/lower/sharing',
  'test/compiler/lower/sites',
];

/** Folders of test/, and files below them that are left out. */
const TESTS = {
  'src/compiler/canonicalize': [
    'test/compiler/canonicalize',
    '!test/compiler/canonicalize/architectures',
    '!test/compiler/canonicalize/arithmetic',
    '!test/compiler/canonicalize/hostile',
  ],
  'src/compiler/canonicalize/apply.ts': ['test/compiler/canonicalize/apply'],
  'src/compiler/canonicalize/deterministic.ts': ['test/compiler/canonicalize/tensors'],
  'src/compiler/canonicalize/fold.ts': ['test/compiler/canonicalize/fold'],
  'src/compiler/canonicalize/functions.ts': ['test/compiler/canonicalize/functions'],
  'src/compiler/canonicalize/merge.ts': ['test/compiler/canonicalize/merge'],
  'src/compiler/canonicalize/rules/known-integers.ts': ['test/compiler/canonicalize/targets'],
  'src/compiler/canonicalize/rules/reshape-target.ts': ['test/compiler/canonicalize/targets'],
  'src/compiler/canonicalize/rules/resize-scale.ts': ['test/compiler/canonicalize/targets'],
  'src/compiler/canonicalize/small-tensors.ts': ['test/compiler/canonicalize/small-tensors'],
  'src/compiler/canonicalize/tensors.ts': ['test/compiler/canonicalize/tensors'],
  'passes/ditfastattn': ['test/passes/ditfastattn'],
  'src/compiler/targets': ['test/compiler/targets', '!test/compiler/targets/bundles'],
  'src/compiler/targets/target.ts': ['test/compiler/targets/target'],
  'src/compiler/targets/engines': [
    'test/compiler/targets/engines/check',
    'test/compiler/targets/engines/rules',
  ],
  'src/compiler/analysis': [
    'test/compiler/analysis',
    '!test/compiler/analysis/attention.test',
    '!test/compiler/analysis/batch-halves',
    '!test/compiler/analysis/blocks.test',
    '!test/compiler/analysis/papers',
    '!test/compiler/analysis/raise.test',
    '!test/compiler/analysis/spellings',
  ],
  'src/compiler/analysis/ancestry.ts': [
    'test/compiler/analysis/ancestry',
    'test/compiler/analysis/unet',
  ],
  'src/compiler/analysis/attention': [
    'test/compiler/analysis/attention-',
    'test/compiler/analysis/near-misses',
    'test/compiler/analysis/operands',
    'test/compiler/analysis/raise-by-hand',
  ],
  'src/compiler/analysis/batch': [
    'test/compiler/analysis/batch-',
    '!test/compiler/analysis/batch-halves',
  ],
  'src/compiler/analysis/blocks': [
    'test/compiler/analysis/block-',
    'test/compiler/analysis/blocks-',
  ],
  'src/compiler/analysis/branches.ts': ['test/compiler/analysis/levels'],
  'src/compiler/analysis/batch/free.ts': ['test/compiler/analysis/free-batch'],
  'src/compiler/analysis/levels.ts': ['test/compiler/analysis/levels'],
  'src/compiler/analysis/roles.ts': ['test/compiler/analysis/roles'],
  'src/compiler/analysis/unet.ts': ['test/compiler/analysis/unet', 'test/compiler/analysis/levels'],
  'src/evidence/calibrate': ['test/evidence/calibrate'],
  'src/model/cost': ['test/model/cost'],
  'src/model/diff': ['test/model/diff'],
  // those that are left out compile whole models, or spawn
  'src/compiler/emit': [
    'test/compiler/emit',
    ...['bundle', 'killed', 'layouts', 'replacing', 'report'].map(
      (t) => `!test/compiler/emit/${t}.test`,
    ),
  ],
  'src/compiler/emit/bundle-files.ts': ['test/compiler/emit/small.test'],
  'src/compiler/emit/folder.ts': ['test/compiler/emit/folder'],
  'src/compiler/emit/owned-files.ts': [
    'test/compiler/emit/owned-files',
    'test/compiler/emit/folder',
  ],
  'src/compiler/emit/place-file.ts': ['test/compiler/emit/place'],
  'src/compiler/emit/place-weights.ts': ['test/compiler/emit/place'],
  'src/compiler/emit/program-macs.ts': ['test/compiler/emit/schedule'],
  'src/compiler/emit/schedule.ts': ['test/compiler/emit/schedule'],
  'src/compiler/emit/weights-record.ts': ['test/compiler/emit/place'],
  'src/compiler/emit/weights.ts': ['test/compiler/emit/weights'],
  'src/io': ['test/io'],
  'src/model/ir': ['test/model/ir'],
  'src/compiler/lower': [
    'test/compiler/lower',
    '!test/compiler/lower/default-form',
    '!test/compiler/lower/free-names',
    '!test/compiler/lower/parts',
  ],
  'src/compiler/lower/beside.ts': ['test/compiler/lower/regions'],
  'src/compiler/lower/building.ts': [
    'test/compiler/lower/building',
    'test/compiler/lower/instrument',
    'test/compiler/lower/refused-strategies',
  ],
  'src/compiler/lower/chain.ts': ['test/compiler/lower/segment', 'test/compiler/lower/chain-wires'],
  'src/compiler/lower/duplication.ts': ['test/compiler/lower/fitting-form'],
  'src/compiler/lower/gated-site.ts': [...MERGED, 'test/compiler/lower/alternatives'],
  'src/compiler/lower/gating.ts': ['test/compiler/lower/gating', ...MERGED],
  'src/compiler/lower/if-node.ts': MERGED,
  'src/compiler/lower/index.ts': ['test/compiler/lower/fitting-form'],
  'src/compiler/lower/instrument.ts': ['test/compiler/lower/instrument'],
  'src/compiler/lower/kept.ts': ['test/compiler/lower/kept'],
  'src/compiler/lower/liveness.ts': [
    'test/compiler/lower/branches',
    'test/compiler/lower/sharing',
    'test/compiler/lower/sites',
  ],
  'src/compiler/lower/merged.ts': MERGED,
  'src/compiler/lower/names.ts': ['test/compiler/lower/kept'],
  'src/compiler/lower/outputs.ts': ['test/compiler/lower/kept', 'test/compiler/lower/segments'],
  'src/compiler/lower/own-nodes.ts': [
    'test/compiler/lower/regions',
    'test/compiler/lower/branches',
  ],
  'src/compiler/lower/region.ts': ['test/compiler/lower/regions'],
  'src/compiler/lower/same-model.ts': ['test/compiler/lower/same-model'],
  'src/compiler/lower/split.ts': [
    'test/compiler/lower/building',
    'test/compiler/lower/fitting-form',
    'test/compiler/lower/segment-names',
    'test/compiler/lower/sharing',
    'test/compiler/lower/split',
  ],
  'src/compiler/lower/states.ts': [
    'test/compiler/lower/sites',
    'test/compiler/lower/unknown-sizes',
  ],
  'src/compiler/lower/strategy-inputs.ts': MERGED,
  'src/compiler/lower/value-types.ts': ['test/compiler/lower/instrument'],
  'src/evidence/measure': [
    'test/evidence/measure',
    '!test/evidence/measure/bench',
    '!test/evidence/measure/fused-module',
    '!test/evidence/measure/pairs',
    '!test/evidence/measure/verify',
  ],
  'src/evidence/measure/bench.ts': [
    'test/evidence/measure/bench',
    'test/evidence/measure/difference',
  ],
  'src/evidence/measure/bundle.ts': [
    'test/evidence/measure/bundle',
    'test/evidence/measure/identity',
    'test/evidence/measure/whole-weights',
  ],
  'src/evidence/measure/claims': ['test/evidence/measure/claims/'],
  'src/evidence/measure/combinations.ts': ['test/evidence/measure/combinations'],
  'src/evidence/measure/decides.ts': ['test/evidence/measure/readings'],
  'src/evidence/measure/denoise-bundle.ts': [
    'test/evidence/measure/generate',
    'test/evidence/measure/loop-',
  ],
  'src/evidence/measure/difference.ts': ['test/evidence/measure/difference'],
  'src/evidence/measure/engine.ts': ['test/evidence/measure/engine'],
  'src/evidence/measure/feed-sets.ts': ['test/evidence/measure/proof-feeds'],
  'src/evidence/measure/feeds.ts': ['test/evidence/measure/feeds', 'test/evidence/measure/halves'],
  'src/evidence/measure/identity.ts': ['test/evidence/measure/identity'],
  'src/evidence/measure/keep-roundings.ts': ['test/evidence/measure/memory-and-halves'],
  'src/evidence/measure/labels.ts': ['test/evidence/measure/readings'],
  'src/evidence/measure/loop-sizes.ts': [
    'test/evidence/measure/generate',
    'test/evidence/measure/loop-',
  ],
  'src/evidence/measure/loop.ts': ['test/evidence/measure/loop.test'],
  'src/evidence/measure/noise.ts': ['test/evidence/measure/readings'],
  'src/evidence/measure/numbers.ts': [
    'test/evidence/measure/memory-and-halves',
    'test/evidence/measure/verdict',
  ],
  'src/evidence/measure/pairs.ts': ['test/evidence/measure/halves'],
  'src/evidence/measure/play.ts': ['test/evidence/measure/play'],
  'src/evidence/measure/proof-feeds.ts': ['test/evidence/measure/proof-feeds'],
  'src/evidence/measure/reference': ['test/evidence/measure/reference'],
  'src/evidence/measure/scratch.ts': ['test/evidence/measure/scratch'],
  'src/evidence/measure/statements': ['test/evidence/measure/statements/'],
  'src/evidence/measure/tolerance.ts': ['test/evidence/measure/readings'],
  'src/evidence/measure/trace.ts': ['test/evidence/measure/loop-denoisers'],
  'src/evidence/measure/verify.ts': ['test/evidence/measure/verdict'],
  'src/evidence/measure/whole-weights.ts': ['test/evidence/measure/whole-weights'],
  'src/model/onnx': ['test/model/onnx', '!test/model/onnx/large'],
  'src/compiler/plan': ['test/compiler/plan', '!test/compiler/plan/written-states'],
  'src/compiler/plan/bit-sets.ts': ['test/compiler/plan/bit-sets'],
  'src/compiler/plan/exactness.ts': ['test/compiler/plan/group'],
  'src/compiler/plan/flow.ts': ['test/compiler/plan/flow', 'test/compiler/plan/programs'],
  'src/compiler/plan/partition.ts': ['test/compiler/plan/partition'],
  'src/compiler/plan/plan.ts': ['test/compiler/plan/plan'],
  'src/compiler/plan/row-joins.ts': ['test/compiler/plan/group', 'test/compiler/plan/readable'],
  'src/compiler/plan/union-writes.ts': ['test/compiler/plan/union-writes'],
  'src/runtime/session': ['test/runtime/session', '!test/runtime/session/worker'],
  'src/runtime/samplers': ['test/runtime/samplers'],
  'src/runtime/schedule': ['test/runtime/schedule'],
  'src/model/sizes': ['test/model/sizes'],
  'src/model/operators': [
    'test/model/operators',
    'test/model/shape',
    '!test/model/shape/architectures',
    '!test/model/shape/operators',
  ],
  'src/model/shape': [
    'test/model/shape',
    '!test/model/shape/architectures',
    '!test/model/shape/operators',
  ],
  'src/model/sizes/bounds.ts': ['test/model/sizes/dim', 'test/model/sizes/bounds'],
  'src/model/operators/rules/context.ts': [
    'test/model/shape/inf',
    'test/model/shape/branches',
    'test/model/shape/joins',
    'test/model/shape/resize',
    'test/model/shape/selections',
    'test/model/shape/products',
  ],
  'src/model/sizes/dim.ts': ['test/model/sizes/dim', 'test/model/sizes/expressions'],
  'src/model/sizes/divide.ts': ['test/model/sizes/dim', 'test/model/sizes/bounds'],
  'src/model/shape/fix.ts': ['test/model/shape/fix'],
  'src/model/shape/followers.ts': ['test/model/shape/followers'],
  'src/model/shape/infer.ts': [
    'test/model/shape/inf',
    'test/model/shape/branches',
    'test/model/shape/output-types',
  ],
  'src/model/operators/rules/types.ts': [
    'test/model/shape/output-types',
    'test/model/shape/rounds',
  ],
  'src/model/sizes/parse.ts': ['test/model/sizes/dim', 'test/model/sizes/parse'],
  'src/model/operators/rules/broadcasting.ts': [
    'test/model/shape/integers',
    'test/model/shape/partly-known',
  ],
  'src/model/operators/control.ts': ['test/model/shape/branches'],
  'src/model/operators/convolution.ts': ['test/model/shape/convolutions'],
  'src/model/operators/elementwise.ts': [
    'test/model/shape/integers',
    'test/model/shape/partly-known',
  ],
  'src/model/operators/rules/fractions.ts': [
    'test/model/shape/integers',
    'test/model/shape/partly-known',
  ],
  'src/model/operators/layout.ts': ['test/model/shape/layout', 'test/model/shape/made-up'],
  'src/model/operators/microsoft.ts': [
    'test/model/shape/other-processors',
    'test/model/shape/products',
  ],
  'src/model/operators/nchwc.ts': ['test/model/shape/other-processors'],
  'src/model/operators/normalization.ts': [
    'test/model/shape/output-types',
    'test/model/shape/products',
  ],
  'src/model/operators/product.ts': [
    'test/model/shape/other-processors',
    'test/model/shape/products',
  ],
  'src/model/operators/quantization.ts': ['test/model/shape/products'],
  'src/model/operators/reduction.ts': ['test/model/shape/integers', 'test/model/shape/reductions'],
  'src/model/operators/resize.ts': ['test/model/shape/resize'],
  'src/model/operators/rounds.ts': ['test/model/shape/branches', 'test/model/shape/rounds'],
  'src/model/operators/selection.ts': [
    'test/model/shape/made-up',
    'test/model/shape/selections',
    'test/model/shape/slices',
  ],
  'src/model/operators/sequence.ts': ['test/model/shape/branches', 'test/model/shape/rounds'],
  'src/model/operators/sources.ts': [
    'test/model/shape/integers',
    'test/model/shape/made-up',
    'test/model/shape/sources',
  ],
  'src/model/shape/stale-types.ts': ['test/model/shape/stale-types'],
  'src/model/shape/stated.ts': ['test/model/shape/inference'],
  'src/model/sizes/substitute.ts': [
    'test/model/sizes/dim',
    'test/model/sizes/expressions',
    'test/model/shape/inf',
  ],
  'src/model/shape/table.ts': ['test/model/shape/inf'],
  ...Object.fromEntries(
    [
      ...['attention', 'branch-weights', 'channel-affine', 'padded-convolution', 'tanh-gelu'],
      'upsampled-convolution',
    ].map((rule) => [
      `src/compiler/targets/onnxruntime-cpu/${rule}.ts`,
      [`test/compiler/targets/${rule}`],
    ]),
  ),
};

/** Modules that keep what they computed from call to call: each change needs a process of its own. */
export const KEEPS_RESULTS = ['src/model/sizes/dim.ts'];

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
