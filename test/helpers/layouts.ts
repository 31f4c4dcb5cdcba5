/**
 * One model with its weights laid out as exporters and people lay them out: inside the model file, in one
 * external file, in one per tensor. Written by onnx-proto and plain writes.
 */
import fs from 'node:fs';
import path from 'node:path';
import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;
type TensorProto = onnxProto.onnx.ITensorProto;
type GraphProto = onnxProto.onnx.IGraphProto;

export interface Layout {
  /** The file of a tensor, relative to the model's folder; undefined leaves it in the model file. */
  readonly file: (name: string, index: number) => string | undefined;
  /** Tensors begin at multiples of this, or as much after one as `shift` says. */
  readonly alignment?: number;
  readonly shift?: number;
  /** Tensors of fewer bytes stay in the model file; default 100, as optimum has it. */
  readonly least?: number;
  /** Leave out the keys `offset` and `length`; every file then holds one tensor. */
  readonly bare?: boolean;
  /** Write a `length` of 0, which says nothing of it. */
  readonly noLength?: boolean;
}

/** Tensors of a graph and of all graphs inside it: initializers and what Constant nodes hold. */
export function tensorsOf(graph: GraphProto): TensorProto[] {
  return [
    ...(graph.initializer ?? []),
    ...(graph.node ?? []).flatMap((node) =>
      (node.attribute ?? []).flatMap((a) => [
        ...(a.t && node.opType === 'Constant' ? [a.t] : []),
        ...(a.g ? tensorsOf(a.g) : []),
      ]),
    ),
  ];
}

/** Bytes of a tensor that the model file holds; small types in `int32_data` are left where they are. */
function rawOf(tensor: TensorProto): Buffer | undefined {
  if (tensor.rawData?.length) return Buffer.from(tensor.rawData);
  if (tensor.floatData?.length) return Buffer.from(Float32Array.from(tensor.floatData).buffer);
  return undefined;
}

/**
 * Writes `model.onnx` and its external files to a folder.
 * @returns path of the model
 */
export function writeLayout(folder: string, encoded: Uint8Array, layout: Layout): string {
  const model = onnx.ModelProto.decode(encoded);
  const { alignment = 1, shift = 0, bare = false, least = 100, noLength = false } = layout;
  const ends = new Map<string, number>();
  const moved = tensorsOf(model.graph!).filter(
    (tensor) => (rawOf(tensor)?.length ?? 0) >= Math.max(1, least),
  );
  for (const [index, tensor] of moved.entries()) {
    const bytes = rawOf(tensor)!;
    const location = layout.file(tensor.name || `tensor-${index}`, index);
    if (location === undefined) continue;
    const file = path.join(folder, location);
    const end = ends.get(location) ?? 0;
    const offset = bare ? 0 : Math.ceil(end / alignment) * alignment + shift;
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const fd = fs.openSync(file, ends.has(location) ? 'r+' : 'w');
    fs.writeSync(fd, bytes, 0, bytes.length, offset);
    fs.closeSync(fd);
    ends.set(location, offset + bytes.length);
    tensor.floatData = [];
    tensor.rawData = new Uint8Array(0);
    tensor.dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
    tensor.externalData = [
      { key: 'location', value: location },
      ...(bare
        ? []
        : [
            { key: 'offset', value: String(offset) },
            { key: 'length', value: noLength ? '0' : String(bytes.length) },
          ]),
    ];
  }
  const file = path.join(folder, 'model.onnx');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(file, onnx.ModelProto.encode(model).finish());
  return file;
}
