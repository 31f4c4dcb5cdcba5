/** Graph, nodes, values and tensors: uses, edits, extraction, order. */
export type { Attribute, AttributeValue } from './attribute.js';
export * as attributes from './attribute.js';
export * from './clone.js';
export * from './constants.js';
export * from './extract.js';
export * from './graph.js';
export * from './model.js';
export * from './node.js';
export * from './order.js';
export * from './prune.js';
export * from './tensor.js';
export * from './types.js';
export * from './validate.js';
export * from './value.js';
