/**
 * The order in which folders stand: whatever one imports stands above it here, or in itself. `docs/architecture.md`
 * shows it, and `architecture.test.ts` holds the code to it.
 */
export interface Wing {
  readonly name: string;
  /** One that holds another stands behind it. */
  readonly folders: readonly string[];
}

export const WINGS: readonly Wing[] = [
  { name: 'base', folders: ['src/generated', 'src/errors', 'src/io'] },
  {
    name: 'model',
    folders: [
      'src/model/ir',
      'src/model/onnx',
      'src/model/files',
      'src/model/sizes',
      'src/model/operators',
      'src/model/shape',
      'src/model/cost',
      'src/model/diff',
    ],
  },
  {
    name: 'runtime',
    folders: [
      'src/runtime/schedule',
      'src/runtime/samplers',
      'src/runtime/session',
      'src/runtime/node',
      'src/runtime/ort',
      'src/runtime/model-folder',
    ],
  },
  {
    name: 'compiler',
    folders: [
      'src/compiler/stages',
      'src/compiler/canonicalize',
      'src/compiler/targets',
      'src/compiler/plan',
      'src/compiler/analysis',
      'src/compiler/forecast',
      'src/compiler/pass',
      'src/compiler/lower',
      'src/compiler/pipeline',
      'src/compiler/emit',
      'src/compiler/export',
      'src/compiler/inspect',
    ],
  },
  {
    name: 'passes',
    folders: [
      'passes/unet',
      'passes/deepcache',
      'passes/delta-cache',
      'passes/depth-skip',
      'passes/ditfastattn',
      'passes/forecast',
      'passes/guidance-delta',
      'passes/loop-invariant',
      'passes/module-cache',
      'passes/recipes',
      'passes',
    ],
  },
  {
    name: 'evidence',
    folders: [
      'src/evidence/measure',
      'src/evidence/yardstick',
      'src/evidence/calibrate',
      'src/evidence/tune',
      'src/evidence/report',
      'src/evidence/fill',
    ],
  },
  { name: 'cli', folders: ['src/cli'] },
];
