/**
 * Preloaded by tests, and by the commands that they run: sessions of onnxruntime compute in one thread unless told otherwise.
 * As many test files run at once as there are cores; threads of models as small as these would mostly spin, waiting for
 * one another: with two of them the digits U-Net takes twice the processor time.
 */
import Module from 'node:module';

const load = Module._load;

Module._load = function loadWithOneThread(request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  if (request === 'onnxruntime-common') limit(loaded.InferenceSession);
  return loaded;
};

const limited = new WeakSet();

function limit(InferenceSession) {
  if (limited.has(InferenceSession)) return;
  limited.add(InferenceSession);
  const { create } = InferenceSession;
  InferenceSession.create = function createWithOneThread(...given) {
    const last = given.at(-1);
    const hasOptions = given.length > 1 && typeof last === 'object' && last !== null;
    const options = { intraOpNumThreads: 1, ...(hasOptions && last) };
    return create.call(this, ...(hasOptions ? given.slice(0, -1) : given), options);
  };
}
