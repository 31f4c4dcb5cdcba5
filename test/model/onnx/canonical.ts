/**
 * Messages in a form that `toEqual` compares by meaning: 64-bit integers as strings, bytes as hex,
 * what is empty left out, and tensors by their elements wherever they are kept. Unknown fields are
 * kept.
 */
import { elementCount, readBytes } from '../../../src/model/ir/tensor.js';
import { fieldsOf } from '../../../src/model/onnx/descriptor.js';
import { EXTERNAL, type TensorMessage } from '../../../src/model/onnx/messages.js';
import type { RawRange } from '../../../src/model/onnx/skeleton.js';
import { tensorFromMessage } from '../../../src/model/onnx/to-ir.js';

const DATA = [
  'rawData',
  'rawRange',
  'floatData',
  'doubleData',
  'int32Data',
  'int64Data',
  'uint64Data',
  'stringData',
];

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

export function canonical(
  message: object,
  ranges: readonly RawRange[] = [],
  type = 'Model',
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const { name, type: fieldType } of fieldsOf(type)) {
    if (type === 'Tensor' && DATA.includes(name)) continue;
    const field = (message as Record<string, unknown>)[name];
    const one = (value: unknown): unknown =>
      fieldsOf(fieldType).length > 0
        ? canonical(value as object, ranges, fieldType)
        : value instanceof Uint8Array
          ? hex(value)
          : fieldType === 'int64' || fieldType === 'uint64'
            ? String(value)
            : value;
    const value = Array.isArray(field)
      ? field.map(one)
      : field === undefined || field === null || !Object.hasOwn(message, name)
        ? undefined
        : one(field);
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0))
      continue;
    found[name] = value;
  }
  if (type === 'Tensor') found.data = elements(message as TensorMessage, ranges);
  const unknowns = (message as { $unknowns?: Uint8Array[] }).$unknowns;
  if (unknowns?.length) found.unknowns = unknowns.map(hex);
  return found;
}

function elements(message: TensorMessage, ranges: readonly RawRange[]): unknown {
  if (message.dataLocation === EXTERNAL) return 'external';
  const tensor = tensorFromMessage(message, { label: 'test', ranges, files: undefined });
  if (tensor.data.kind === 'strings' && tensor.data.values.length > 0)
    return tensor.data.values.map(hex);
  const empty = tensor.data.kind === 'none' && elementCount(tensor.dims) > 0;
  return empty ? 'none' : hex(readBytes(tensor));
}
