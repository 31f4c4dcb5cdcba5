/**
 * A model file in the hands of onnx-proto, with what a change needs: nodes of the main graph and of all
 * branches by the value they make, and tensors whose numbers can be read and written.
 */
import fs from 'node:fs';
import path from 'node:path';
import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;

export type GraphProto = onnxProto.onnx.IGraphProto;
export type NodeProto = onnxProto.onnx.INodeProto;
export type TensorProto = onnxProto.onnx.ITensorProto;
export type AttributeProto = onnxProto.onnx.IAttributeProto;

const { FLOAT, INT64, BOOL, INT32, FLOAT16, DOUBLE } = onnx.TensorProto.DataType;
export const TYPES = {
  float: FLOAT,
  int64: INT64,
  bool: BOOL,
  int32: INT32,
  float16: FLOAT16,
  double: DOUBLE,
} as const;

export class OnnxModel {
  private constructor(
    readonly proto: onnxProto.onnx.ModelProto,
    private readonly folder: string,
  ) {}

  static read(file: string): OnnxModel {
    return new OnnxModel(onnx.ModelProto.decode(fs.readFileSync(file)), path.dirname(file));
  }

  encode(): Uint8Array {
    return onnx.ModelProto.encode(this.proto).finish();
  }

  get graph(): GraphProto {
    return this.proto.graph!;
  }

  /** The main graph and every branch in it. */
  get graphs(): GraphProto[] {
    const inside = (graph: GraphProto): GraphProto[] => [
      graph,
      ...graph.node!.flatMap((node) => node.attribute!.flatMap((a) => (a.g ? inside(a.g) : []))),
    ];
    return inside(this.graph);
  }

  get nodes(): NodeProto[] {
    return this.graphs.flatMap((graph) => graph.node!);
  }

  /** The node that makes a value, wherever it stands; the first of several. */
  node(output: string): NodeProto {
    const node = this.nodes.find((n) => n.output!.includes(output));
    if (!node) throw new Error(`nothing makes "${output}" in "${this.graph.name}"`);
    return node;
  }

  has(output: string): boolean {
    return this.nodes.some((n) => n.output!.includes(output));
  }

  /** Nodes of an operator, in the order of the file. */
  ops(opType: string): NodeProto[] {
    return this.nodes.filter((node) => node.opType === opType);
  }

  graphOf(node: NodeProto): GraphProto {
    return this.graphs.find((graph) => graph.node!.includes(node))!;
  }

  /**
   * Puts nodes behind a value: whoever reads it reads what they make of it.
   * @param make nodes from a value of the first name to one of the second
   */
  behind(value: string, make: (from: string, to: string) => readonly NodeProto[]): void {
    if (this.has(value)) {
      const maker = this.node(value);
      const graph = this.graphOf(maker);
      const from = `${value}.untampered`;
      maker.output = maker.output!.map((v) => (v === value ? from : v));
      graph.node!.splice(graph.node!.indexOf(maker) + 1, 0, ...make(from, value));
      return;
    }
    const to = `${value}.tampered`;
    this.replaceUses(value, to);
    this.graph.node!.unshift(...make(value, to));
  }

  /** Whoever reads a value reads another one. */
  replaceUses(value: string, by: string): void {
    for (const node of this.nodes) node.input = node.input!.map((v) => (v === value ? by : v));
  }

  /** Leaves a node out: who reads what it makes reads its input. */
  skip(output: string, input = 0): void {
    const node = this.node(output);
    const graph = this.graphOf(node);
    const from = node.input![input]!;
    if (this.graphs.some((g) => g.output!.some((o) => o.name === output))) {
      Object.assign(node, { opType: 'Identity', input: [from], attribute: [] });
      return;
    }
    graph.node!.splice(graph.node!.indexOf(node), 1);
    this.replaceUses(output, from);
  }

  tensor(name: string): TensorProto {
    const tensor = this.graphs.flatMap((g) => g.initializer!).find((t) => t.name === name);
    if (!tensor) throw new Error(`no tensor "${name}" in "${this.graph.name}"`);
    return tensor;
  }

  /** A new tensor of the main graph. */
  add(name: string, type: keyof typeof TYPES, dims: readonly number[], numbers: readonly number[]) {
    const { initializer } = this.graph;
    const free = initializer!.some((t) => t.name === name)
      ? `${name}.${initializer!.length}`
      : name;
    const tensor = onnx.TensorProto.create({ name: free, dataType: TYPES[type], dims: [...dims] });
    this.write(tensor, numbers);
    initializer!.push(tensor);
    return free;
  }

  integers(...numbers: number[]): string {
    return this.add('tampered.integers', 'int64', [numbers.length], numbers);
  }

  /** What lies from a place to before another along an axis. */
  slice(
    from: string,
    [start, end]: readonly [number, number],
    axis: number,
    to: string,
  ): NodeProto {
    const bounds = [start, end, axis].map((number) => this.integers(number));
    return node('Slice', [from, ...bounds], to);
  }

  scalar(number: number): string {
    return this.add('tampered.scalar', 'float', [], [number]);
  }

  /** The elements of a tensor, from wherever they are; of half precision, the bits. */
  read(tensor: TensorProto): number[] {
    const { dataType } = tensor;
    const { buffer } = this.bytesOf(tensor);
    if (buffer.byteLength > 0) {
      if (dataType === FLOAT) return [...new Float32Array(buffer)];
      if (dataType === INT64) return [...new BigInt64Array(buffer)].map(Number);
      if (dataType === FLOAT16) return [...new Uint16Array(buffer)];
      return [...new Uint8Array(buffer)];
    }
    if (dataType === FLOAT) return [...tensor.floatData!];
    if (dataType === INT64) return tensor.int64Data!.map(Number);
    return tensor.int32Data!.map(Number);
  }

  /** Writes the elements into the model's own file. */
  write(tensor: TensorProto, numbers: readonly number[]): void {
    const { dataType } = tensor;
    const array =
      dataType === FLOAT
        ? Float32Array.from(numbers)
        : dataType === INT64
          ? BigInt64Array.from(numbers, BigInt)
          : dataType === FLOAT16
            ? Uint16Array.from(numbers)
            : Uint8Array.from(numbers);
    Object.assign(tensor, { floatData: [], int64Data: [], int32Data: [], externalData: [] });
    tensor.dataLocation = onnx.TensorProto.DataLocation.DEFAULT;
    tensor.rawData = new Uint8Array(array.buffer);
  }

  /** Changes the elements of a tensor. */
  edit(name: string, change: (numbers: number[]) => readonly number[]): void {
    const tensor = this.tensor(name);
    this.write(tensor, change(this.read(tensor)));
  }

  /** In a buffer of their own. */
  private bytesOf(tensor: TensorProto): Uint8Array {
    if (!tensor.externalData?.length) return Uint8Array.from(tensor.rawData ?? []);
    const { location, offset, length } = Object.fromEntries(
      tensor.externalData.map(({ key, value }) => [key, value]),
    );
    const begin = Number(offset ?? 0);
    const file = fs.readFileSync(path.join(this.folder, location!));
    return Uint8Array.from(file.subarray(begin, begin + Number(length)));
  }
}

/** An attribute; whole numbers are integers. */
export function attribute(
  name: string,
  value: number | readonly number[] | string,
): AttributeProto {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: Buffer.from(value) };
  if (typeof value === 'number')
    return Number.isInteger(value)
      ? { name, type: AttributeType.INT, i: value }
      : { name, type: AttributeType.FLOAT, f: value };
  return { name, type: AttributeType.INTS, ints: [...value] };
}

export const node = (
  opType: string,
  input: readonly string[],
  output: string | readonly string[],
  attributes: Readonly<Record<string, number | readonly number[] | string>> = {},
): NodeProto =>
  onnx.NodeProto.create({
    opType,
    input: [...input],
    output: [output].flat(),
    attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  });

/** Sets an attribute of a node. */
export function setAttribute(
  target: NodeProto,
  name: string,
  value: number | readonly number[] | string,
): void {
  target.attribute = [...target.attribute!.filter((a) => a.name !== name), attribute(name, value)];
}

/** Exchanges two inputs of a node. */
export function exchangeInputs(target: NodeProto, a = 0, b = 1): void {
  const input = [...target.input!];
  [input[a], input[b]] = [input[b]!, input[a]!];
  target.input = input;
}

export function exchangeOutputs(target: NodeProto, a = 0, b = 1): void {
  const output = [...target.output!];
  [output[a], output[b]] = [output[b]!, output[a]!];
  target.output = output;
}
