// Which nodes of a model onnxruntime-web's WebNN execution provider takes, as its own partitioning says: no WebNN is
// needed for that, but a context that says what it can do. This one can do everything, so that what is refused is
// refused by the provider.
//
//     node webnn-capability.mjs FILE 2>&1 | grep GetSupportedNodes
import fs from 'node:fs';

const TYPES = 'float32 float16 int32 uint32 int64 uint64 int8 uint8 int4 uint4'.split(' ');
const anything = { dataTypes: TYPES, rankRange: { min: 0, max: 8 } };
const all = new Proxy(
  {},
  { get: (_, name) => (typeof name === 'string' ? anything : undefined), has: () => true },
);
const limits = new Proxy(
  {
    ...{ input: anything, constant: anything, output: anything },
    ...{ preferredInputLayout: 'nchw', maxTensorByteLength: 2 ** 31 },
  },
  {
    get: (own, name) => own[name] ?? (typeof name === 'string' ? all : undefined),
    has: () => true,
  },
);
const context = { opSupportLimits: () => limits, lost: new Promise(() => {}) };
// compiled is nothing: the first call ends it, after the nodes have been chosen
const stop = () => {
  throw new Error('chosen');
};
// made with `new`
globalThis.MLGraphBuilder = function MLGraphBuilder() {
  return new Proxy(this, {
    get: (_, name) => (typeof name === 'string' ? stop : undefined),
    has: () => true,
  });
};
globalThis.MLContext = class {};
globalThis.MLTensor = class {};
Object.defineProperty(globalThis, 'navigator', {
  value: { ml: { createContext: async () => context }, hardwareConcurrency: 1 },
  configurable: true,
});

const ort = await import(
  new URL('../../../../node_modules/onnxruntime-web/dist/ort.all.min.mjs', import.meta.url).href
);
ort.env.wasm.numThreads = 1;
// the engine writes what it chooses to standard error
const session = await ort.InferenceSession.create(fs.readFileSync(process.argv[2]), {
  executionProviders: [{ name: 'webnn', deviceType: 'gpu', context }],
  // the nodes that are chosen among are those of the file
  graphOptimizationLevel: 'disabled',
  logSeverityLevel: 0,
  logVerbosityLevel: 0,
});
await session.release();
