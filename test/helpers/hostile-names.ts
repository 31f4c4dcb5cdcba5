/** A model in which every name holds characters that steer terminals, turn lines round and end them. */
import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;
type GraphProto = onnxProto.onnx.IGraphProto;

/**
 * Without a zero byte, at which the engine's names end. Sets the window's title, clears the screen in C1, turns the line round, rings, ends lines,
 * colours.
 */
export const HOSTILE = '\x1b]0;owned\x07\x9b2J\u202ecod\u2066\x7f\r\n\u2028\x1b[31mred';

const named = (name: string) => (name === '' ? name : `${name}${HOSTILE}`);

/** @param bytes of a model without sub-graphs and functions */
export function withHostileNames(bytes: Uint8Array): Uint8Array {
  const model = onnx.ModelProto.decode(bytes);
  model.producerName = named('pytorch');
  model.producerVersion = named('1');
  rename(model.graph!);
  return onnx.ModelProto.encode(model).finish();
}

function rename(graph: GraphProto): void {
  graph.name = named(graph.name ?? 'graph');
  for (const node of graph.node ?? []) {
    node.name = named(node.name ?? '');
    node.input = (node.input ?? []).map(named);
    node.output = (node.output ?? []).map(named);
  }
  for (const tensor of graph.initializer ?? []) tensor.name = named(tensor.name!);
  for (const value of [
    ...(graph.input ?? []),
    ...(graph.output ?? []),
    ...(graph.valueInfo ?? []),
  ]) {
    value.name = named(value.name!);
    for (const dim of value.type?.tensorType?.shape?.dim ?? [])
      if (dim.dimParam) dim.dimParam = named(dim.dimParam);
  }
}
