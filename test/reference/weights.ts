/**
 * The weights of the digits transformer out of its ONNX file, decoded by onnx-proto: in the order in
 * which nodes read them, each checked for its shape, so that no name that the exporter chose matters.
 * What is a weight of a layer stands [inputs, outputs], whichever way the file has it.
 */
import { readFileSync } from 'node:fs';
import onnxProto from 'onnx-proto';
import { type Matrix, transpose } from './numbers.js';

/** Sizes of the network: samples/python/dit.py, DIGITS. */
export const DIT = {
  side: 12,
  patch: 2,
  tokens: 144,
  width: 128,
  widening: 4,
  layers: 6,
  heads: 4,
  classes: 10,
  frequencies: 256,
} as const;

export interface Layer {
  readonly weight: Matrix;
  readonly bias: Matrix;
}

export interface AttentionWeights {
  readonly qkv: Layer;
  readonly projection: Layer;
}

export interface Block {
  /** From the condition to shift, scale and gate of the attention, then of the MLP. */
  readonly modulation: Layer;
  readonly attention: AttentionWeights;
  readonly widen: Layer;
  readonly narrow: Layer;
}

export interface DitWeights {
  readonly patches: Layer;
  readonly positions: Matrix;
  readonly timestep: readonly [Layer, Layer];
  /** A row per class; the last one is for no class. */
  readonly classes: Matrix;
  readonly blocks: readonly Block[];
  readonly finalModulation: Layer;
  readonly final: Layer;
}

export function readDitWeights(file: string): DitWeights {
  const { width, tokens, patch, widening, layers, classes, frequencies } = DIT;
  const next = initializersInOrder(file);

  /** As PyTorch holds it and Gemm and Conv read it: [outputs, inputs], then the bias. */
  const turned = (inputs: number, outputs: number): Layer => ({
    weight: transpose(next([outputs, inputs]), inputs),
    bias: next([outputs]),
  });
  /** A MatMul, whose weight stands [inputs, outputs], and an Add. */
  const straight = (inputs: number, outputs: number): Layer => ({
    weight: next([inputs, outputs]),
    bias: next([outputs]),
  });
  const patches = {
    weight: transpose(next([width, 1, patch, patch]), patch * patch),
    bias: next([width]),
  };
  return {
    patches,
    positions: next([1, tokens, width]),
    timestep: [turned(frequencies, width), turned(width, width)],
    classes: next([classes + 1, width]),
    blocks: Array.from({ length: layers }, () => ({
      modulation: turned(width, 6 * width),
      attention: { qkv: straight(width, 3 * width), projection: straight(width, width) },
      widen: straight(width, widening * width),
      narrow: straight(widening * width, width),
    })),
    finalModulation: turned(width, 2 * width),
    final: straight(width, patch * patch),
  };
}

/** Gives the float initializers one after the other, as the nodes of the file first read them. */
function initializersInOrder(file: string): (shape: readonly number[]) => Matrix {
  const graph = onnxProto.onnx.ModelProto.decode(readFileSync(file)).graph!;
  const tensors = new Map(graph.initializer!.map((tensor) => [tensor.name!, tensor]));
  const names = new Set(graph.node!.flatMap((node) => node.input!).filter((n) => tensors.has(n)));
  const order = names.values();
  return (shape) => {
    const tensor = tensors.get(order.next().value ?? '');
    const found = tensor?.dims?.map(Number).join();
    if (found !== shape.join() || tensor?.dataType !== onnxProto.onnx.TensorProto.DataType.FLOAT)
      throw new Error(`expected a weight of shape [${shape}], found "${tensor?.name}" [${found}]`);
    // a copy: the bytes need not begin at a multiple of four
    const bytes = Uint8Array.from(tensor.rawData!);
    return Float64Array.from(new Float32Array(bytes.buffer));
  };
}
