/**
 * Random models for property tests: well formed as graphs, everything else about them arbitrary.
 * They are built from a list of random numbers, so that fast-check shrinks them by shrinking it.
 */
import fc from 'fast-check';
import Long from 'long';
import {
  type AttributeMessage,
  AttributeType,
  EXTERNAL,
  type FunctionMessage,
  type GraphMessage,
  type ModelMessage,
  type NodeMessage,
  type SparseTensorMessage,
  type StringStringEntry,
  type TensorMessage,
  type TypeMessage,
  type ValueInfoMessage,
} from '../../../src/model/onnx/messages.js';

export function anyModel(): fc.Arbitrary<ModelMessage> {
  return fc
    .array(fc.nat(0xffff), { minLength: 300, maxLength: 1500, size: 'max' })
    .map((numbers) => new Draw(numbers).model());
}

const INTEGERS = [
  -(2n ** 63n),
  2n ** 63n - 1n,
  -1n,
  0n,
  1n,
  2n ** 53n + 1n,
  -(2n ** 31n) - 1n,
  123n,
];
const FLOATS = [0, -0, 1, -1.5, 0.1, 1e-45, 3.4028234663852886e38, 1e10, 2 ** 24, 1 / 3];
const WORDS = [
  'x',
  '',
  'float',
  'nan',
  'seq',
  'a.b',
  '/layer/Relu_0',
  '"\\',
  'y\n#z',
  '0',
  'ünï',
  '🙂',
];
const SPECIAL = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];

/** Element types, the typed field of each, and the width of its raw data. */
const KINDS = [
  [1, 'floatData', 4],
  [11, 'doubleData', 8],
  [6, 'int32Data', 4],
  [3, 'int32Data', 1],
  [10, 'int32Data', 2],
  [7, 'int64Data', 8],
  [13, 'uint64Data', 8],
] as const;

class Draw {
  private at = 0;
  private names = 0;

  constructor(private readonly numbers: readonly number[]) {}

  /** An integer below `limit`; 0 when the numbers are used up. */
  below(limit: number): number {
    return (this.numbers[this.at++] ?? 0) % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  times<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }

  /** `fields`, each set or left out. */
  some<T extends object>(fields: { [K in keyof T]: () => T[K] }): Partial<T> {
    const chosen = Object.entries(fields).filter(() => this.below(3) === 0);
    return Object.fromEntries(
      chosen.map(([key, make]) => [key, (make as () => unknown)()]),
    ) as Partial<T>;
  }

  text = (): string =>
    this.pick(WORDS) + (this.below(4) === 0 ? String.fromCharCode(32 + this.below(900)) : '');
  fresh = (): string => `${this.text()}${this.names++}`;
  bytes = (): Uint8Array => Uint8Array.from(this.times(6, () => this.below(256)));
  bigint = (): bigint =>
    this.below(2) === 0
      ? this.pick(INTEGERS)
      : BigInt(this.below(0xffff)) * BigInt(this.below(0xffff));
  int64 = (): Long => Long.fromBigInt(this.bigint());
  int32 = (): number => Number(BigInt.asIntN(32, this.bigint()));
  double = (): number =>
    this.below(2) === 0
      ? this.pick([...FLOATS, ...SPECIAL])
      : this.below(0xffff) / (1 + this.below(999));
  float = (): number => Math.fround(this.double());
  entries = (): StringStringEntry[] =>
    this.times(2, () => ({ key: this.text(), value: this.text() }));

  tensorType = () => ({
    elemType: this.pick([0, 1, 7, 8, 16, 26, 77]),
    ...this.some<{ shape: object }>({
      shape: () => ({
        dim: this.times(3, () =>
          this.pick([
            { dimValue: this.int64() },
            { dimParam: `N${this.text()}` },
            {},
            { denotation: 'DATA_BATCH' },
          ]),
        ),
      }),
    }),
  });

  type = (depth = 0): TypeMessage => {
    const tensorType = this.tensorType();
    const inner = (): TypeMessage => (depth < 3 ? this.type(depth + 1) : { tensorType });
    switch (this.below(9)) {
      case 0:
        return { sparseTensorType: tensorType };
      case 1:
        return { opaqueType: this.some({ domain: () => 'a.b', name: () => 'c' }) };
      case 2:
        return { sequenceType: { elemType: inner() } };
      case 3:
        return { optionalType: { elemType: inner() } };
      case 4:
        return { mapType: { keyType: this.pick([7, 8]), valueType: inner() } };
      case 5:
        return { tensorType, denotation: this.text() };
      default:
        return { tensorType };
    }
  };

  info = (name: string): ValueInfoMessage => ({
    name,
    ...this.some<{ type: TypeMessage; docString: string; metadataProps: StringStringEntry[] }>({
      type: this.type,
      docString: this.text,
      metadataProps: this.entries,
    }),
  });

  tensor = (name?: string): TensorMessage => {
    const size = this.pick([0, 1, 2, 3, 600]);
    const dims = this.pick([[size], [size, 1], [1, 1, size], [size]]).map((d) =>
      Long.fromNumber(d),
    );
    const [dataType, field, width] = this.pick(KINDS);
    const fill = <T>(make: () => T): T[] => Array.from({ length: size }, make);
    const rest = {
      ...(name === undefined ? this.some<{ name: string }>({ name: this.text }) : { name }),
      ...this.some<{ docString: string; metadataProps: StringStringEntry[] }>({
        docString: this.text,
        metadataProps: this.entries,
      }),
      dims,
    };
    switch (this.below(9)) {
      case 0:
        return { ...rest, dataType: 8, stringData: fill(this.bytes) };
      case 1:
        return { ...rest, dataType, dataLocation: 0 };
      case 2:
        return { ...rest, dataType: 99, rawData: this.bytes() };
      case 3:
        return { ...rest, dataType, dataLocation: EXTERNAL, externalData: this.location() };
      case 4:
      case 5:
      case 6:
        return { ...rest, dataType, [field]: fill(this.literal(field, width)) };
      default: {
        // below 0x40, so that no bit pattern is a NaN, whose payload has no text
        const rawData = Uint8Array.from({ length: size * width }, () => this.below(0x40));
        return { ...rest, dataType, rawData };
      }
    }
  };

  literal(field: (typeof KINDS)[number][1], width: number): () => number | Long {
    const small = () => this.below(100);
    if (field === 'floatData') return this.float;
    if (field === 'doubleData') return this.double;
    if (field === 'int64Data') return this.int64;
    if (field === 'uint64Data')
      return () => Long.fromBigInt(BigInt.asUintN(64, this.bigint()), true);
    return width === 4 ? this.int32 : small;
  }

  location = (): StringStringEntry[] => [
    { key: 'location', value: this.text() },
    ...(this.below(2) ? [{ key: 'offset', value: String(this.below(9999)) }] : []),
    ...(this.below(2) ? [{ key: 'checksum', value: this.text() }] : []),
    ...(this.below(2) ? [{ key: 'length', value: String(this.below(9999)) }] : []),
  ];

  sparse = (name: string): SparseTensorMessage => ({
    values: this.tensor(name),
    indices: this.tensor(''),
    dims: this.times(2, () => Long.fromNumber(this.below(100))),
  });

  attribute(name: string, outer: string[], depth: number): AttributeMessage {
    const graph = () => this.graph(outer, depth + 1);
    const kinds: (() => AttributeMessage)[] = [
      () => ({ type: AttributeType.FLOAT, f: this.float() }),
      () => ({ type: AttributeType.INT, i: this.int64() }),
      () => ({ type: AttributeType.STRING, s: this.bytes() }),
      () => ({ type: AttributeType.TENSOR, t: this.tensor() }),
      () => ({ type: AttributeType.FLOATS, floats: this.times(3, this.float) }),
      () => ({ type: AttributeType.INTS, ints: this.times(3, this.int64) }),
      () => ({ type: AttributeType.STRINGS, strings: this.times(3, this.bytes) }),
      () => ({ type: AttributeType.TENSORS, tensors: this.times(2, () => this.tensor()) }),
      () => ({ type: AttributeType.TYPE_PROTO, tp: this.type() }),
      () => ({ type: AttributeType.TYPE_PROTOS, typeProtos: this.times(2, () => this.type()) }),
      () => ({ type: AttributeType.SPARSE_TENSOR, sparseTensor: this.sparse('') }),
      () => ({
        type: AttributeType.SPARSE_TENSORS,
        sparseTensors: this.times(2, () => this.sparse('')),
      }),
      () => ({ type: AttributeType.INT, refAttrName: `r${this.text()}` }),
      () => ({ type: AttributeType.GRAPH, g: graph() }),
      () => ({ type: AttributeType.GRAPHS, graphs: this.times(2, graph) }),
    ];
    const kind = this.pick(depth >= 2 ? kinds.slice(0, -2) : kinds);
    return { name, ...kind(), ...this.some<{ docString: string }>({ docString: this.text }) };
  }

  node(outer: string[], own: string[], depth: number): NodeMessage {
    const available = ['', ...outer, ...own];
    const input = this.times(3, () => this.pick(available));
    const attribute = this.times(3, () => this.attribute(this.fresh(), [...outer, ...own], depth));
    const output = this.times(3, () => (this.below(4) ? this.fresh() : ''));
    own.push(...output.filter((name) => name !== ''));
    const rest = this.some<NodeMessage>({
      name: this.text,
      docString: this.text,
      domain: this.text,
      overload: this.text,
      metadataProps: this.entries,
    });
    return { ...rest, opType: `Op${this.text()}`, input, output, attribute };
  }

  graph(outer: string[], depth: number): GraphMessage {
    const own: string[] = [];
    const define = () => {
      const name = this.fresh();
      own.push(name);
      return name;
    };
    const input = this.times(3, () => this.info(define()));
    const initializer = this.times(2, () => this.tensor(define()));
    if (input[0] && this.below(2)) initializer.push(this.tensor(input[0].name));
    const sparseInitializer = this.times(1, () => this.sparse(define()));
    const node = this.times(4, () => this.node(outer, own, depth));
    const output = own.filter(() => this.below(3) === 0).map((name) => this.info(name));
    const valueInfo = ['nothing', ...own, ...own.slice(0, 1)]
      .filter(() => this.below(2) === 0)
      .map((name) => this.info(name));
    const rest = this.some<GraphMessage>({
      name: this.text,
      docString: this.text,
      metadataProps: this.entries,
      quantizationAnnotation: () =>
        this.times(1, () => ({
          tensorName: this.text(),
          quantParameterTensorNames: this.entries(),
        })),
    });
    return { ...rest, input, initializer, sparseInitializer, node, output, valueInfo };
  }

  opsets = () => this.times(3, () => this.some({ domain: this.text, version: this.int64 }));

  function(): FunctionMessage {
    const { input = [], output = [], node = [], valueInfo = [] } = this.graph([], 2);
    const rest = this.some<FunctionMessage>({
      name: this.text,
      domain: this.text,
      overload: this.text,
      docString: this.text,
      opsetImport: this.opsets,
      attribute: () => this.times(2, this.text),
      attributeProto: () => this.times(2, () => this.attribute(this.fresh(), [], 3)),
    });
    const names = (infos: ValueInfoMessage[]) => infos.map((info) => info.name as string);
    return { ...rest, input: names(input), output: names(output), node, valueInfo };
  }

  model(): ModelMessage {
    const rest = this.some<ModelMessage>({
      irVersion: this.int64,
      producerName: this.text,
      producerVersion: this.text,
      domain: this.text,
      modelVersion: this.int64,
      docString: this.text,
      metadataProps: this.entries,
      opsetImport: this.opsets,
    });
    const graph = this.graph([], 0);
    return { ...rest, graph, functions: this.times(2, () => this.function()) };
  }
}
