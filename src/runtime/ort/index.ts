/** onnxruntime as an evaluator of constant sub-graphs. */
export { type Engine, loadEngine } from './engine.js';
export { evaluate } from './evaluate.js';
