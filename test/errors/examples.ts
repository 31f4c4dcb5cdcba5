/**
 * One call of every function of src/errors, with arguments as they occur, and what each code means.
 * docs/errors.md is made from this (`npm run errors`). A function or a code that is not in here does not
 * compile or fails the test.
 */
import * as errors from '../../src/errors/index.js';
import type { Node } from '../../src/model/ir/node.js';
import type { Value } from '../../src/model/ir/value.js';

type Errors = typeof errors;

/** Functions that make an error; those that put a place to one that is there already are none. */
export type ErrorFunction = Exclude<
  {
    [K in keyof Errors]: Errors[K] extends (...given: never[]) => errors.StepfoldError ? K : never;
  }[keyof Errors],
  'inFile' | 'inPipeline' | 'withGraphsAt' | 'refusedFor'
>;

const e = errors;
const broken = {
  violations: [
    { message: 'node "/mid/Add" reads "h.9", which is not in its scope', node: '/mid/Add' },
    { message: 'two values are named "h.3"', value: 'h.3' },
  ],
};
const conv = { label: '/conv_in/Conv', opType: 'Conv', name: '/conv_in/Conv' } as Node;
const add = { label: '/mid/Add', opType: 'Add', name: '/mid/Add' } as Node;
const value = { name: 'h.3' } as Value;
const place = {
  file: 'unet.onnx.txt',
  line: 4,
  column: 9,
  source: '  y = Conv <strides = [1, 1> (x, w)',
};
const sizes = new Map([['batch', 2]]);

const notFinite = () =>
  e.loopNotFinite(
    'Output "out_sample" of the bundle "bundle"',
    { step: 3, steps: 10, call: 6, timestep: 699 },
    { bad: 12, of: 96 },
  );

const webnn = {
  title: "onnxruntime-web's WebNN execution provider",
  table: 'its table (onnxruntime-web 1.30.0, read 2026-11-29)',
  elsewhere: 'cpu',
} as const;
const cudaGraph = {
  title: "CUDA graphs of onnxruntime's CUDA execution provider",
  table: 'its table (commit 001d12d, read 2026-11-29)',
  elsewhere: 'refused',
} as const;

/** Several calls where the kinds of file differ, or where the words do. */
export const EXAMPLES = {
  // bundle.ts
  recipeAndPasses: [() => e.recipeAndPasses('pass')],
  unknownRecipe: [
    () => e.unknownRecipe('quick', 'sd', ['exact', 'balanced', 'fast', 'deepcache']),
    () => e.unknownRecipe('deepcache', undefined, ['exact', 'balanced', 'fast']),
  ],
  recipeHasNone: [
    () =>
      e.recipeHasNone('exact', 'no layer of the model depends on the condition alone', [
        'balanced',
        'fast',
      ]),
    () => e.recipeHasNone('fast', 'one step leaves none to forecast', []),
  ],
  outputNotEmpty: [() => e.outputNotEmpty('bundle')],
  outputNotABundle: [() => e.outputNotABundle('results', 'thesis.txt')],
  outputIsAFile: [() => e.outputIsAFile('bundle')],
  bundleInterrupted: [
    () =>
      e.bundleInterrupted('bundle', {
        path: '/models/bundle.old-render-3-4711',
        host: 'render-3',
        pid: 4711,
      }),
  ],
  noImages: [() => e.noImages('pictures')],
  imagesUnpaired: [() => e.imagesUnpaired('pictures/0-bundle.png')],
  plansNeedSource: [() => e.plansNeedSource()],
  planNoThreshold: [() => e.planNoThreshold('plan.json')],
  reportMissing: [() => e.reportMissing('bundle/report.json', 'it is not there')],
  picturesExist: [() => e.picturesExist('out/samples.npy')],
  outputExists: [() => e.outputExists('report.html'), () => e.outputExists('plan.svg', 'svg')],
  weightsElsewhere: [() => e.weightsElsewhere('unet.onnx')],
  outputUnnamed: [() => e.outputUnnamed()],
  outputHoldsSource: [() => e.outputHoldsSource('bundle', 'bundle/full.onnx')],
  writeFailed: [
    () => e.writeFailed('bundle', { code: 'ENOSPC', message: 'ENOSPC: no space left on device' }),
  ],
  noElementType: [() => e.noElementType('sample', 'bfloat16')],
  // folder.ts
  folderWithoutModel: [() => e.folderWithoutModel('pipeline')],
  severalModels: [() => e.severalModels('models', ['models/a.onnx', 'models/b.onnx'])],
  severalDenoisers: [
    () =>
      e.severalDenoisers('pipeline', ['pipeline/unet/model.onnx', 'pipeline/refiner/model.onnx']),
  ],
  folderIsBundle: [() => e.folderIsBundle('pipeline', 'pipeline/unet')],
  severalBundles: [() => e.severalBundles('out', ['out/unet', 'out/transformer'])],
  linkLeavesFolder: [() => e.linkLeavesFolder('pipeline/vae/model.onnx', 'pipeline')],
  bundleNameTaken: [() => e.bundleNameTaken('pipeline/unet/report.json')],
  dumpInOutput: [() => e.dumpInOutput('bundle/stages', 'bundle')],
  outputInSource: [() => e.outputInSource('pipeline/out', 'pipeline')],
  schedulerUnreadable: (
    [
      ['it is no JSON object', 'file'],
      [
        'its "_class_name" is LCMScheduler, which is for models that were distilled for its own few steps; no sampler here does so',
        'class',
      ],
      [
        'DDIMScheduler of diffusers 0.42.1 has no setting "snr", and what it means is not known',
        'field',
      ],
      [
        '"beta_schedule" of DDPMScheduler is "sigmoid", not one of linear, scaled_linear, squaredcos_cap_v2',
        'option',
      ],
    ] as const
  ).map(
    ([why, fault]) =>
      () =>
        e.schedulerUnreadable('pipeline/scheduler/scheduler_config.json', why, fault),
  ),
  // calibrate.ts
  passNotSearched: [() => e.passNotSearched('deepcache', ['ditfastattn'])],
  onePassOnly: [() => e.onePassOnly(2)],
  noSites: [() => e.noSites('ditfastattn')],
  sitesNested: [() => e.sitesNested('attention.3', ['deep'])],
  stateNeverWritten: [() => e.stateNeverWritten('attention.0', 'window', 'attention.0.residual')],
  unknownCandidate: [() => e.unknownCandidate('attention.0', 'halve', ['compute', 'reuse'])],
  notFinite: [() => e.notFinite('out_sample', 3, 1)],
  fewSamples: [() => e.fewSamples(0)],
  fullStepNotComputed: [() => e.fullStepNotComputed('my-cache', 'deep', 3)],
  keepsWhileNotFull: [() => e.keepsWhileNotFull('my-cache', 'deep', 'reuse')],
  needsFullCalls: [() => e.needsFullCalls('forecast')],
  badFullCalls: [() => e.badFullCalls(60, 1, 50)],
  fewImagesToJudge: [() => e.fewImagesToJudge(1, 2)],
  recordedNotPlaced: [() => e.recordedNotPlaced('forecast')],
  notForPass: [() => e.notForPass('--full-calls', 'ditfastattn')],
  fixedBatch: [() => e.fixedBatch('sample', 6, 4, true)],
  oddRecordedBatch: [() => e.oddRecordedBatch('sample', 3)],
  oddBatch: [() => e.oddBatch('out_sample', 3)],
  recordedShape: [() => e.recordedShape('sample', [20, 4, 8, 8], 10, ['batch', 4, 8, 8])],
  recordedMissing: [() => e.recordedMissing('timestep', ['sample'])],
  oddCalls: [() => e.oddCalls(19)],
  guidanceIncomplete: [() => e.guidanceIncomplete('scale')],
  planExists: [() => e.planExists('plan.json')],
  otherSearch: [() => e.otherSearch('plan.json.partial.json', ['model', 'samples'])],
  brokenPartial: [() => e.brokenPartial('plan.json.partial.json', 'it is not JSON')],
  // cli.ts
  badPair: [() => e.badPair('freeze', 'batch', 'batch=2')],
  badShape: [() => e.badShape('shape', 'sample=2by4')],
  badNumber: [() => e.badNumber('guidance-scale')],
  needsInit: [() => e.needsInit('strength')],
  needsStrength: [() => e.needsStrength()],
  needsOther: [
    () => e.needsOther('control-scale', 'control'),
    () => e.needsOther('then-model', 'then-from-step'),
  ],
  vaeConfig: [() => e.vaeConfig('sd15/vae_decoder/config.json', '"scaling_factor" is no number')],
  vaePorts: [() => e.vaePorts('sd15/vae_decoder/model.onnx', 'it does not give four dimensions')],
  vaeNeeded: [() => e.vaeNeeded('photo.png', 4)],
  pictureShape: [() => e.pictureShape('photo.png', '28 by 28 pixels', '16 by 16')],
  badInterval: [() => e.badInterval('guidance-interval', '0.1')],
  withoutGuidance: [() => e.withoutGuidance('guidance-rescale')],
  badWholeNumber: [() => e.badWholeNumber('calls', 1, 100_000)],
  givenTwice: [() => e.givenTwice('shape sample')],
  needsValue: [() => e.needsValue('output')],
  badUsage: [() => e.badUsage('There is no command "tansform".', 'Did you mean transform?')],
  badSize: [() => e.badSize('freeze', 'batch=two')],
  inputIsTerminal: [() => e.inputIsTerminal()],
  inputNotTaken: [() => e.inputNotTaken('transform', 'model', ['inspect', 'print'])],
  missingOptions: [
    () =>
      e.missingOptions(
        ['--calls', '--output'],
        'stepfold transform unet.onnx --pass deepcache:branch=2,interval=3 --calls 50 -o unet-bundle',
      ),
  ],
  needsChoice: [
    () =>
      e.needsChoice('stepfold transform unet.onnx --recipe balanced --calls 50 -o unet-balanced'),
    () => e.needsChoice(undefined),
  ],
  needsPass: [() => e.needsPass()],
  passAndConfig: [() => e.passAndConfig()],
  keepNeedsBundle: [() => e.keepNeedsBundle('unet.onnx')],
  needsGuidance: [
    () =>
      e.needsGuidance(
        ['order', 'unconditional'],
        'stepfold run bundle -o out --guidance-scale 2 --guidance uncond-first --unconditional context=empty.npy',
      ),
  ],
  systemError: [
    () =>
      e.systemError({
        code: 'EBUSY',
        message: "EBUSY: resource busy or locked, rmdir 'bundle'",
        path: 'bundle',
      }),
  ],
  moduleNotFound: [() => e.moduleNotFound("Cannot find package 'yargs' imported from cli.js")],
  outOfMemory: [() => e.outOfMemory('Array buffer allocation failed')],
  cannotRead: [() => e.cannotRead('plan.json', 'it has 3000000000 bytes, too many for a text')],
  readFailed: [
    () => e.readFailed('unet.onnx', { code: 'EACCES', message: 'EACCES: permission denied' }),
    () => e.readFailed('unet.onnx', { code: 'EMFILE', message: 'EMFILE: too many open files' }),
  ],
  notARegularFile: [
    () => e.notARegularFile('/dev/stdin', 'a pipe'),
    () => e.notARegularFile('bundle/schedule.json', 'a folder'),
  ],
  // broken.ts
  graphBroken: [
    () => e.graphBroken({ ...broken, step: 'canonicalize: rules, round 2', before: undefined }),
    () => e.graphBroken({ ...broken, step: 'deepcache: propose', before: {} }, 'deepcache'),
  ],
  passBrokeGraph: [
    () =>
      e.passBrokeGraph(
        { ...broken, step: 'mine: prepare', before: {} },
        'mine',
        'feed-forward-cache.mjs',
      ),
  ],
  // graph.ts
  duplicateName: [() => e.duplicateName('h.3')],
  definedTwice: [() => e.definedTwice('h.3')],
  nodeStillUsed: [() => e.nodeStillUsed(conv, value)],
  graphCycle: [() => e.graphCycle([conv, add, conv])],
  undefinedValue: [() => e.undefinedValue('h.9', 'Node "/conv_in/Conv"')],
  usedBeforeMade: [() => e.usedBeforeMade('h.9', 'Node "/conv_in/Conv"')],
  missingInput: [() => e.missingInput(add, 1, 2)],
  missingOutput: [() => e.missingOutput(conv)],
  unboundedCut: [() => e.unboundedCut(['emb', 'h.3'])],
  // io.ts
  notNpy: [() => e.notNpy('labels.npy', 'it does not begin with the bytes that mark one')],
  npyTruncated: [() => e.npyTruncated('labels.npy', 1152, 640)],
  npyType: [() => e.npyType('labels.npy', '<c16')],
  npyLength: [() => e.npyLength(12, [4, 4])],
  notPicture: [() => e.notPicture([2, 64, 32])],
  picturesDiffer: [() => e.picturesDiffer('32x32x3', '16x16x1')],
  gridEmpty: [() => e.gridEmpty()],
  gridOption: [() => e.gridOption('columns', 0, 1)],
  notPng: [() => e.notPng('grid.png', 'it is cut short')],
  // measure.ts
  feedShapeUnknown: [
    () => e.feedShapeUnknown('context', 1),
    () => e.feedShapeUnknown('sample', 2, true),
  ],
  partsNotSearched: [() => e.partsNotSearched('a second model takes over')],
  partsWithRecorded: [() => e.partsWithRecorded()],
  embeddedGuidanceUnclear: [
    () => e.embeddedGuidanceUnclear(3.5, []),
    () => e.embeddedGuidanceUnclear(3.5, ['guidance', 'aesthetic_score']),
  ],
  initMissing: [() => e.initMissing('mask', 0), () => e.initMissing('start', 20)],
  initShape: [() => e.initShape('sample', [1, 3, 512, 512], [1, 4, 64, 64])],
  initType: [() => e.initType('latents to start from', 'int64')],
  maskShape: [() => e.maskShape([100, 100], [1, 4, 64, 64])],
  maskValues: [() => e.maskValues(255)],
  controlRole: [() => e.controlRole('latent', 'sample', ['x', 'cond'])],
  controlInputs: [
    () =>
      e.controlInputs([
        { name: 'controlnet_cond', type: 'float32', shape: ['batch', 3, '8*height', '8*width'] },
        { name: 'conditioning_scale', type: 'float64', shape: [] },
      ]),
  ],
  controlOutputs: [
    () =>
      e.controlOutputs(
        [{ name: 'down_0', type: 'float32', shape: ['batch', 320, 'height', 'width'] }],
        [],
      ),
  ],
  handOverNever: [
    () => e.handOverNever({ step: 50 }, 0, [980, 960, 0]),
    () => e.handOverNever({ timestep: 5 }, 20, [580, 560, 10]),
  ],
  bundleFromMiddle: [() => e.bundleFromMiddle('the bundle "bundle"', 20, 0)],
  feedsUnknown: [
    () =>
      e.feedsUnknown([
        { name: 'context', type: 'float32', shape: ['batch', null, 768] },
        { name: 'mask', type: 'bool', shape: ['batch', null] },
      ]),
  ],
  feedNumbers: [
    () => e.feedNumbers({ name: 'time_ids', type: 'float32' }, [2, 6], [1024, 1024, 0]),
    () => e.feedNumbers({ name: 'class_labels', type: 'int64' }, [2], [0.5]),
  ],
  feedTooLarge: [() => e.feedTooLarge('sample', [1_000_000, 4, 4096, 4096])],
  feedUnknown: [() => e.feedUnknown('latent', ['sample', 'timestep'])],
  feedType: [() => e.feedType('class_labels', 'float32', 'int64')],
  feedShape: [() => e.feedShape('class_labels', [3], ['batch'], sizes, false)],
  shapeMisfit: [() => e.shapeMisfit('sample', [2, 3, 8, 8], ['batch', 4, 8, 8], sizes)],
  oddGuidanceBatch: [() => e.oddGuidanceBatch('sample', 1)],
  notABundle: [() => e.notABundle('results')],
  otherSource: [() => e.otherSource('unet-v2.onnx', 'unet.onnx')],
  latentChannels: [
    () =>
      e.latentChannels(
        { name: 'sample', shape: ['batch', 9, 'height', 'width'] },
        { name: 'out_sample', shape: ['batch', 4, 'height', 'width'] },
        5,
        undefined,
      ),
  ],
  sourceNotFound: [() => e.sourceNotFound('bundle', 'unet.onnx', ['/models/unet.onnx'])],
  yardstickOfModel: [() => e.yardstickOfModel('unet.onnx')],
  stepsDiffer: [() => e.stepsDiffer(20, 50, 1)],
  otherGuidance: [() => e.otherGuidance({ order: 'cond-first', mode: 'batch' }, undefined)],
  rolesUnknown: [
    () => e.rolesUnknown(['timestep'], ['a', 'b']),
    () => e.rolesUnknown(['latent', 'timestep'], ['a', 'b']),
  ],
  engineMissing: [() => e.engineMissing('Cannot find module onnxruntime-node')],
  engineRefused: [
    () => e.engineRefused('unet.onnx', 'Fatal error: AcmeConv is not a registered op'),
  ],
  engineFailed: [() => e.engineFailed('run program "full"', 'Got invalid dimensions for input: x')],
  nothingToFill: [() => e.nothingToFill('unet.onnx')],
  fillsItself: [() => e.fillsItself('unet.onnx', 'conv.weight')],
  // onnx.ts
  fileNotFound: [() => e.fileNotFound('unet.onnx')],
  isAFolder: [() => e.isAFolder('models')],
  outputIsAFolder: [() => e.outputIsAFolder('plans')],
  notOnnx: [() => e.notOnnx('unet.onnx', 'it is a zip archive, such as a PyTorch checkpoint')],
  truncatedOnnx: [() => e.truncatedOnnx('unet.onnx', 1_048_576)],
  tensorDataMissing: [
    () => e.tensorDataMissing('conv.weight'),
    () => e.tensorDataMissing('conv.weight', 'weights.bin'),
  ],
  tensorDataSize: [() => e.tensorDataSize('conv.weight', 8192, 100)],
  negativeDimension: [() => e.negativeDimension('conv.weight', -1)],
  externalDataMissing: [() => e.externalDataMissing('conv.weight', 'weights.bin', 'in "/models"')],
  fileChanged: [() => e.fileChanged('unet.onnx', 'the requested file could not be read')],
  rangesRefused: [() => e.rangesRefused('https://example.org/unet.onnx')],
  externalDataEscapes: [
    () => e.externalDataEscapes('conv.weight', '../secret.bin', 'leaves the folder by ".."'),
  ],
  externalDataShort: [() => e.externalDataShort('conv.weight', 'weights.bin', 8192, 4096)],
  modelTooDeep: [() => e.modelTooDeep()],
  modelTooLarge: [() => e.modelTooLarge('merged.onnx', 3_438_411_520)],
  // plan.ts
  passNameTaken: [() => e.passNameTaken('deepcache')],
  strategyNameTaken: [() => e.strategyNameTaken('feed-forward-cache', 'zero')],
  passSchema: [
    () =>
      e.passSchema(
        'feed-forward-cache',
        'has options whose schema asks with "/properties/interval/oneOf", which is not known',
      ),
  ],
  passThrew: [() => e.passThrew('feed-forward-cache', 'no block has a feed-forward')],
  pluginFailed: [() => e.pluginFailed('my-pass.mjs', "Unexpected token '}'")],
  pluginNoPass: [
    () => e.pluginNoPass('my-pass.mjs', 'its default export has no function "propose"'),
  ],
  noInvariant: [
    () => e.noInvariant('loop-invariant', []),
    () => e.noInvariant('loop-invariant', ['class_labels']),
  ],
  planUnknownSite: [() => e.planUnknownSite(['attention.30'], 28, ['attention.0', 'attention.1'])],
  planMissingSites: [() => e.planMissingSites(['attention.2'], 2, ['attention.0', 'attention.2'])],
  planOtherModel: [() => e.planOtherModel('plan.json', 'dit.onnx', 'dit-xl.onnx')],
  planCalls: [() => e.planCalls(20, 50)],
  planWithoutSites: [() => e.planWithoutSites('schedule.json')],
  tooFewPrograms: [() => e.tooFewPrograms(1, 2)],
  badMaxPrograms: [() => e.badMaxPrograms(0)],
  planUnknownStrategy: [
    () =>
      e.planUnknownStrategy('attention.0', 'window', 3, ['compute', 'reuse'], 'it has no window'),
  ],
  planLength: [() => e.planLength('deep', 19, 20)],
  planConflict: [() => e.planConflict('deep', 'cut', 'h.3')],
  planHalfKept: [
    () =>
      e.planHalfKept({
        site: 'deep',
        by: 'guidance',
        call: 4,
        strategy: 'reuse',
        state: 'deep.0',
        half: 3,
      }),
  ],
  guidanceNotSaid: [() => e.guidanceNotSaid('guidance-delta')],
  halvesTogether: [() => e.halvesTogether('it works across the batch', '/norm/BatchNormalization')],
  planKeptTwice: [() => e.planKeptTwice(3, 'deep', 'cut', 'cut.0')],
  proposalStrategy: [() => e.proposalStrategy('deep', 'there is no "compute"')],
  proposalPart: [
    () => e.proposalPart('stage', 'delta', 3, 'for a part "stage.rear"', ['stage.all']),
  ],
  proposalState: [
    () => e.proposalState('deep', 'deep.0', 'is one of site "cut" too'),
    () => e.proposalState('deep', 'deep.1', 'is asked for, and is no state', ['deep.0']),
  ],
  strategyValues: [() => e.strategyValues('deep', 'reuse', 1, 2)],
  strategyStray: [() => e.strategyStray('deep', 'reuse', 'h.3')],
  strategyReads: [
    () => e.strategyReads('deep', 'reuse', 'deep.0', true),
    () => e.strategyReads('deep', 'zero', 'deep.0', false),
  ],
  strategyConstant: [() => e.strategyConstant('deep', 'half', 0.5)],
  planUnassigned: [() => e.planUnassigned(0, 'deep', 'reuse', 'deep.0')],
  planStateShape: [
    () =>
      e.planStateShape('deep', 'deep.0', 'h.3', {
        unknown: 'shape',
        why: 'node "/up/Conv" (acme.Conv): no shape rule for this operator',
        followsFromInputs: false,
      }),
    () =>
      e.planStateShape('deep', 'deep.0', 'h.3', {
        unknown: 'shape',
        why: '"sample" is declared without a shape',
        followsFromInputs: true,
      }),
  ],
  samplerNotLinear: [() => e.samplerNotLinear('ddim', 3)],
  loopNeedsSampler: [() => e.loopNeedsSampler()],
  samplerSteps: [() => e.samplerSteps(20, 39)],
  loopTwoCalls: [() => e.loopTwoCalls()],
  loopNameTaken: [() => e.loopNameTaken('noise', 'the noise that it begins with')],
  loopInputs: [() => e.loopInputs('none of its inputs is known to be the latent')],
  loopDecoder: [() => e.loopDecoder('vae_decoder/model.onnx', 'takes a batch of 1')],
  decoderWithoutLoop: [() => e.decoderWithoutLoop()],
  noDecoder: [() => e.noDecoder('unet.onnx')],
  sizesUnknown: [() => e.sizesUnknown('height', ['batch'])],
  planNotMergeable: [() => e.planNotMergeable('deep', ['/mid/Add', '/out/Conv'])],
  planNotChainable: [() => e.planNotChainable(['a', 'b'])],
  planWireType: [() => e.planWireType('tokens', 'blocks', 'it is a sequence')],
  badCalls: [() => e.badCalls(0, 100_000)],
  noUnet: [() => e.noUnet('no Concat joins two branches on the channel axis', '/mid/Add')],
  badBranch: [() => e.badBranch(12, [{ branch: 1, percent: '6.0 % of a full call' }], [])],
  badOption: [() => e.badOption('deepcache', 'interval', 'it must be >= 1; found 0')],
  missingPassOptions: [
    () => e.missingPassOptions('deepcache', ['branch'], 'deepcache:branch=2,interval=3'),
  ],
  unknownPassOption: [() => e.unknownPassOption('deepcache', 'brnch', ['branch', 'interval'])],
  unknownPass: [() => e.unknownPass('deepcach', ['deepcache', 'depth-skip'])],
  unknownOpset: [() => e.unknownOpset(99, 26)],
  noAttention: [() => e.noAttention('its scores are not normalised', '/attn/Softmax')],
  noBlocks: [() => e.noBlocks(undefined, undefined)],
  noModules: [
    () => e.noModules(['self', 'cross'], 'its scores are not normalised', '/attn/Softmax'),
    () => e.noModules(['feed-forward'], undefined, undefined),
  ],
  blockLeaks: [() => e.blockLeaks('blocks 3 to 5', '"h.3" is read elsewhere', '/out/Concat')],
  planHidden: [() => e.planHidden('attention.3', 'deep', 'zero')],
  // sampler.ts
  unknownSamplerChoice: [() => e.unknownSamplerChoice('sampler', 'pndm', ['ddim', 'euler'])],
  unknownSamplerOption: [
    () => e.unknownSamplerOption('The sampler "euler"', 'eta', ['prediction', 'clip', 'steps']),
  ],
  samplerOptionOutOfRange: [() => e.samplerOptionOutOfRange('eta', 2, 'a number from 0 to 1')],
  timestepsNotDescending: [() => e.timestepsNotDescending(3, 700, 650)],
  levelsWithTimesteps: [() => e.levelsWithTimesteps('karras')],
  stepOutOfRange: [() => e.stepOutOfRange(20, 20)],
  noSuchCalls: [() => e.noSuchCalls('heun', 50, 49, 51)],
  shiftNeedsTokens: [() => e.shiftNeedsTokens()],
  cleanMissing: [() => e.cleanMissing(12)],
  strengthOfNothing: [() => e.strengthOfNothing(0.01, 50, 0.02)],
  trialMissing: [() => e.trialMissing(3)],
  noiseMissing: [() => e.noiseMissing('DDIM with eta 0.5')],
  nothingLeft: [() => e.nothingLeft(999)],
  latentLength: [() => e.latentLength('The prediction', 512, 256)],
  toldInWholes: [() => e.toldInWholes('timestep', 'int64', 0.75)],
  outputMissing: [() => e.outputMissing('out_sample', ['eps'])],
  outputShape: [() => e.outputShape('out_sample', [1, 2, 8, 8], [1, 4, 8, 8])],
  outputElementType: [() => e.outputElementType('out_sample', 'int64')],
  guidanceFeedMissing: [() => e.guidanceFeedMissing('class_labels')],
  guidanceInterval: [() => e.guidanceInterval(0.8, 0.1)],
  guidanceFeedMismatch: [
    () => e.guidanceFeedMismatch('context', 'float32 [1, 77, 768]', 'float32 [1, 1, 768]'),
  ],
  loopNotFinite: [
    notFinite,
    () =>
      e.loopNotFinite(
        'The latent of the model "unet.onnx"',
        { step: 0, steps: 50, call: 0, timestep: 999 },
        { bad: 1024, of: 1024 },
      ),
  ],
  roleFed: [() => e.roleFed('timestep', 'timestep')],
  // schedule.ts
  notJson: [
    () => e.notJson('costs', 'costs.json', 'Unexpected end of JSON input'),
    () => e.notJson('defaults', 'bundle/defaults.json', 'Unexpected end of JSON input'),
    () => e.notJson('pipeline', 'pipeline.json', 'Unexpected end of JSON input'),
    () => e.notJson('plan', 'plan.json', 'Unexpected end of JSON input'),
    () => e.notJson('schedule', 'schedule.json', 'Unexpected end of JSON input'),
    () => e.notJson('timesteps', 'timesteps.json', 'Unexpected end of JSON input'),
  ],
  invalidDocument: [
    () =>
      e.invalidDocument('costs', 'costs.json', [
        { path: '/entries/2/full', message: 'must be more than 0, found -1' },
      ]),
    () =>
      e.invalidDocument('defaults', 'bundle/defaults.json', [
        { path: '/guidance/order', message: 'must be one of "cond-first", "uncond-first"' },
      ]),
    () =>
      e.invalidDocument('pipeline', 'pipeline.json', [
        {
          path: '/emit',
          message: 'must be one of "split", "merged", "chain", "stateful", "loop"; found "folded"',
        },
      ]),
    () =>
      e.invalidDocument('plan', 'plan.json', [
        { path: '/sites/deep', message: 'must have a strategy for each of the 20 calls, found 19' },
      ]),
    () =>
      e.invalidDocument('schedule', 'schedule.json', [
        { path: '/calls/2', message: 'names no program: "none"' },
      ]),
    () =>
      e.invalidDocument('timesteps', 'timesteps.json', [
        { path: '/timesteps/3', message: 'must be less than the one before, 650; found 700' },
      ]),
  ],
  unknownVersion: [
    () => e.unknownVersion('costs', 'costs.json', 2, [1]),
    () => e.unknownVersion('defaults', 'bundle/defaults.json', 2, [1]),
    () => e.unknownVersion('plan', 'plan.json', 2, [1]),
    () => e.unknownVersion('schedule', 'schedule.json', 3, [1, 2]),
    () => e.unknownVersion('timesteps', 'timesteps.json', 2, [1]),
  ],
  hashMismatch: [() => e.hashMismatch('bundle/full.onnx', 'full', '70e8b364…', 'e9edb015…')],
  scheduleFileEscapes: [() => e.scheduleFileEscapes('bundle/weights.bin', 'bundle')],
  weightsChanged: (
    [
      ['bytes', 4_048_631, 4096, 'damaged'],
      ['samples', '70e8b364…', 'e9edb015…', 'overwritten'],
      ['SHA-256', '70e8b364…', 'e9edb015…', 'replaced'],
      ['samples', '70e8b364…', 'e9edb015…', 'either'],
    ] as const
  ).map(
    ([differs, expected, found, cause]) =>
      () =>
        e.weightsChanged({
          file: 'bundle/weights.bin',
          differs,
          expected,
          found,
          cause,
          modified: '2026-11-28T09:30:00.000Z',
        }),
  ),
  modelMismatch: [() => e.modelMismatch('full', 'full.onnx', 'it has no input "deep_in"')],
  scheduleExhausted: [() => e.scheduleExhausted(50)],
  loopSteps: [() => e.loopSteps(0)],
  loopStart: [() => e.loopStart(30, 30)],
  loopTimesteps: [
    () => e.loopTimesteps({ steps: 30, start: 28 }, [66, 33, 0]),
    () => e.loopTimesteps({ steps: 30, start: 28 }, [0, 33]),
  ],
  loopFixed: [
    () => e.loopFixed({ steps: 30, start: 12 }, { steps: 50, start: 0 }, 'so it was asked for'),
    () => e.loopFixed({ steps: 30, start: 0 }, { steps: 50, start: 0 }, undefined),
    () => e.loopFixed({ steps: 50, start: 0 }, { steps: 50, start: 0 }, undefined),
  ],
  loopUnreachable: [
    () =>
      e.loopUnreachable(
        { steps: 30, start: 0 },
        'reads state "deep.0" at call 4 (program "shallow"), but no earlier call writes it',
      ),
  ],
  sessionBusy: [() => e.sessionBusy('run()')],
  sessionReleased: [() => e.sessionReleased()],
  imageReleased: [() => e.imageReleased()],
  guidanceBranches: [
    () => e.guidanceBranches(3, 'shallow'),
    () => e.guidanceBranches(0, undefined),
  ],
  otherPrograms: [() => e.otherPrograms()],
  savedImageInvalid: [() => e.savedImageInvalid('it has no state "deep.0"')],
  savedImageVersion: [() => e.savedImageVersion(2)],
  savedImageMismatch: [
    () => e.savedImageMismatch('calls', 50, 20),
    () => e.savedImageMismatch('programs', '85944171f73967e8', 'cbf29ce484222325'),
  ],
  feedMissing: [() => e.feedMissing('timestep')],
  feedsNotAnObject: [() => e.feedsNotAnObject()],
  fetchesInvalid: [() => e.fetchesInvalid('there is no output "eps"')],
  stateShapeChanged: [() => e.stateShapeChanged(3, 'deep.0', 'batch', 2, 1, 0)],
  newImageBegun: [
    () => e.newImageBegun({ call: 3, resized: false, before: 940, now: 999 }),
    () => e.newImageBegun({ call: 3, resized: true, before: undefined, now: undefined }),
  ],
  imagesMixed: [() => e.imagesMixed({ call: 4, resized: false, before: 700, now: 860 })],
  guidanceTurns: [() => e.guidanceTurns(5, 960, 940)],
  pairsTooLate: [() => e.pairsTooLate(5, 'sample', 4)],
  oddPair: [() => e.oddPair(0, 'sample', 3)],
  runFailed: [() => e.runFailed(3, 'shallow', 'shallow.onnx', new Error('Got invalid dimensions'))],
  modelLoadFailed: [
    () => e.modelLoadFailed('full', 'full.onnx', new Error('AcmeConv is not a registered op')),
  ],
  fetchFailed: [() => e.fetchFailed('https://example.org/bundle/schedule.json', '404 Not Found')],
  tensorNotTransferable: [() => e.tensorNotTransferable('sample', 'gpu-buffer')],
  workerEnded: [() => e.workerEnded('exit code 1')],
  workerNotFound: [() => e.workerNotFound('dist/src/runtime/node/worker.js')],
  workerTakesNoEngine: [() => e.workerTakesNoEngine()],
  // shape.ts
  unknownInput: [() => e.unknownInput('latent', ['sample', 'timestep'])],
  notATensor: [() => e.notATensor('images')],
  invalidSize: [() => e.invalidSize('batch', 0)],
  rankMismatch: [() => e.rankMismatch('sample', [2, 4], ['batch', 4, 8, 8])],
  sizeConflict: [() => e.sizeConflict('sample', 1, 3, '4')],
  symbolConflict: [() => e.symbolConflict('batch', 1, 2)],
  unknownSymbol: [() => e.unknownSymbol('bach', ['batch'])],
  // target.ts
  targetForm: [() => e.targetForm('webnn', 'merged')],
  openSizes: [
    () =>
      e.openSizes(
        { ...webnn, openSizes: 'refused' },
        [
          {
            name: 'sample',
            axes: [
              { axis: 0, size: 'batch' },
              { axis: 2, size: 'height' },
            ],
          },
        ],
        ['batch', 'height'],
      ),
    () =>
      e.openSizes(
        { ...webnn, title: "onnxruntime's DirectML execution provider", openSizes: 'slower' },
        [{ name: 'sample', axes: [{ axis: 0 }] }],
        [],
      ),
    () =>
      e.openSizes(
        { ...cudaGraph, openSizes: 'held' },
        [{ name: 'x', axes: [{ axis: 0, size: 'n' }] }],
        ['n'],
      ),
  ],
  targetControlFlow: [() => e.targetControlFlow(cudaGraph, { opType: 'If', labels: ['/mid/If'] })],
  targetOperator: [
    () => e.targetOperator(webnn, { opType: 'Mod', labels: ['/mid/Mod', '/mid/Mod_1'] }, ''),
    () =>
      e.targetOperator(webnn, { opType: 'QuickGelu', labels: ['QuickGelu_0'] }, 'com.microsoft'),
  ],
  targetOperatorVersion: [
    () => e.targetOperatorVersion(cudaGraph, { opType: 'Cos', labels: ['/time/Cos'] }, 22, 21),
    () => e.targetOperatorVersion(cudaGraph, { opType: 'Cos', labels: ['a', 'b'] }, 22, undefined),
  ],
  targetOperand: [
    () =>
      e.targetOperand(
        webnn,
        { opType: 'Reshape', labels: ['/mid/Reshape'] },
        'input 1 has to be a constant, and here it is "/mid/Concat_output_0"',
        'Fix the sizes that it follows from (--freeze, --shape), or export it as a constant.',
      ),
  ],
  // text.ts
  textSyntax: [() => e.textSyntax(place, '"]"', '">"')],
  textRange: [() => e.textRange(place, '300', 'uint8')],
  textElements: [() => e.textElements(place, 'float[2,2]', 4, 3)],
  textAttributeType: [() => e.textAttributeType(place, 'axis', 'int', 'a string')],
  textListType: [() => e.textListType(place, 'float', 'the string "a"')],
  textNesting: [() => e.textNesting(place, 30)],
  // timesteps.ts
  timestepsExist: [() => e.timestepsExist('timesteps.json')],
  badReferenceSteps: [() => e.badReferenceSteps(5, 10, 1000)],
  noReference: [() => e.noReference()],
  freshNoise: [() => e.freshNoise()],
  referenceNotFinite: [() => e.referenceNotFinite(notFinite())],
  noGammaFinite: [() => e.noGammaFinite(notFinite())],
  noPlacedLevels: [() => e.noPlacedLevels('karras')],
  noWholeTimesteps: [() => e.noWholeTimesteps('euler-flow')],
  timestepsLength: [() => e.timestepsLength(10, { steps: 20, calls: 20 })],
  timestepsInvalid: [() => e.timestepsInvalid(3, 'must be less than the one before, 650')],
  timestepsEmpty: [() => e.timestepsEmpty()],
  timestepsOtherModel: [() => e.timestepsOtherModel('timesteps.json', 'unet.onnx', 'dit.onnx')],
  timestepsOtherTraining: [() => e.timestepsOtherTraining('timesteps.json', 1000, 4000)],
  stepsAndTimesteps: [() => e.stepsAndTimesteps('The bundle', 10, 20)],
  needsSampler: [() => e.needsSampler('spacing')],
  levelsAndSpacing: [() => e.levelsAndSpacing('karras')],
  spacingAndTimesteps: [() => e.spacingAndTimesteps('"timesteps.json"')],
  twoLists: [() => e.twoLists('timesteps.json')],
  needsAgainst: [() => e.needsAgainst('bundle')],
  againstWithModel: [() => e.againstWithModel()],
  needsSteps: [() => e.needsSteps()],
  forecastAxisMissing: [
    () => e.forecastAxisMissing('log-snr', 50, undefined),
    () => e.forecastAxisMissing('timestep', 50, 20),
  ],
  forecastAxisUneven: [() => e.forecastAxisUneven('timestep', 3, -650)],
  badErrorGoal: [() => e.badErrorGoal('little')],
  badSpeedup: [() => e.badSpeedup(0.5)],
  twoGoals: [() => e.twoGoals()],
  goalTooFast: [() => e.goalTooFast(60, 50)],
  errorTooSmall: [() => e.errorTooSmall(60, '25 steps of ddim comes nearest, with 40.1 dB')],
  unknownTry: [() => e.unknownTry('deepcash', ['deepcache', 'forecast'])],
  brokenTuning: [() => e.brokenTuning('bundle.tuning/costs.json', 'it cannot be read')],
  tuningInUse: [() => e.tuningInUse('bundle.tuning', 'process 12 of host', 'bundle.tuning/in-use')],
  ownLoopFailed: [() => e.ownLoopFailed({ code: 'FEED_SHAPE', message: 'It has another shape.' })],
  referenceFailed: [() => e.referenceFailed('RUN_NOT_FINITE', 'It holds NaN.')],
  nothingRan: [() => e.nothingRan()],
  badJob: [() => e.badJob('trials/jobs/0a.json', 'it asks for something that is no trial')],
  otherVersion: [() => e.otherVersion('trials/search.json', '0.2.0', '0.1.0')],
  otherModel: [() => e.otherModel('trials/search.json', 'unet.onnx')],
  noSearch: [() => e.noSearch('trials')],
  badQueueUrl: [() => e.badQueueUrl('it begins with "http:"')],
  noQueuePackage: [
    () => e.noQueuePackage('stepfold-queue', "Cannot find package 'stepfold-queue'"),
  ],
  tritonForm: [() => e.tritonForm('bundle', 'split')],
  tritonName: [() => e.tritonName('stable diffusion')],
  tritonModelExists: [() => e.tritonModelExists('repository/unet')],
  tritonType: [() => e.tritonType('tokens', 'int4')],
  tritonShape: [() => e.tritonShape('out_sample')],
  tritonStates: [
    () => e.tritonStates('bundle', 'stepfold.in.deep.0', 'has no output "stepfold.out.deep.0"'),
  ],
  tritonOption: [
    () => e.tritonOption('idle', 'sequences', 'a bundle of the form "loop" has none in Triton'),
  ],
  tritonNoBatch: [() => e.tritonNoBatch('"img_ids" has no row for each image')],
  tritonSize: [() => e.tritonSize('noise', 'height'), () => e.tritonSize('noise', null)],
  tritonNoSize: [
    () => e.tritonNoSize('hieght', ['height', 'width']),
    () => e.tritonNoSize('height', []),
  ],
  queueDown: [() => e.queueDown('redis://queue.lan:6379', 'connect ECONNREFUSED 10.0.0.7:6379')],
  queueRefused: [
    () =>
      e.queueRefused(
        'redis://queue.lan',
        'WRONGPASS invalid username-password pair or user is disabled',
      ),
  ],
  folderOrQueue: [() => e.folderOrQueue()],
  notTuned: [
    () =>
      e.notTuned(
        'control',
        'what a second model costs is not known to it',
        'Search without it, and give it to `stepfold run`.',
      ),
  ],
  costsExist: [() => e.costsExist('costs.json')],
  noCosts: [() => e.noCosts('time')],
  costsOfOther: [
    () => e.costsOfOther('costs.json', 'of another model, "dit.onnx"', 'not of "unet.onnx"'),
  ],
  costsMissing: [
    () => e.costsMissing('costs.json', ['deepcache:branch=2,full-calls=2,order=1', 'forecast']),
  ],
} satisfies Record<ErrorFunction, readonly (() => errors.StepfoldError)[]>;
