/**
 * The field table of `onnx.proto` as of IR version 14. Compared with
 * `onnx-proto` 8.0.1 (ONNX 1.10) it knows everything added since; what comes after it is kept as
 * unknown fields. One field is ours: `Tensor.rawRange` stands for bytes left in the file.
 */
import { modelTooDeep } from '../../errors/index.js';
import type { ModelMessage } from './messages.js';
import {
  type FieldSpec,
  isTooDeep,
  type MessageType,
  messageTypes,
  readMessage,
  writeMessage,
} from './protobuf.js';

/** `name: "id type"`; `*` repeated, `+` repeated and packed; message names are capitalised. */
type FieldTable = Readonly<Record<string, string>>;

/** Field number of our placeholder: the highest that protobuf allows. */
export const RAW_RANGE_FIELD = 536_870_911;
export const RAW_DATA_FIELD = 9;

export const MESSAGES: Readonly<Record<string, FieldTable>> = {
  Model: {
    irVersion: '1 int64',
    producerName: '2 string',
    producerVersion: '3 string',
    domain: '4 string',
    modelVersion: '5 int64',
    docString: '6 string',
    graph: '7 Graph',
    opsetImport: '8 *OperatorSetId',
    metadataProps: '14 *StringStringEntry',
    trainingInfo: '20 *TrainingInfo',
    functions: '25 *Function',
    configuration: '26 *DeviceConfiguration',
  },
  Graph: {
    node: '1 *Node',
    name: '2 string',
    initializer: '5 *Tensor',
    docString: '10 string',
    input: '11 *ValueInfo',
    output: '12 *ValueInfo',
    valueInfo: '13 *ValueInfo',
    quantizationAnnotation: '14 *TensorAnnotation',
    sparseInitializer: '15 *SparseTensor',
    metadataProps: '16 *StringStringEntry',
  },
  Node: {
    input: '1 *string',
    output: '2 *string',
    name: '3 string',
    opType: '4 string',
    attribute: '5 *Attribute',
    docString: '6 string',
    domain: '7 string',
    overload: '8 string',
    metadataProps: '9 *StringStringEntry',
    deviceConfigurations: '10 *NodeDeviceConfiguration',
  },
  Attribute: {
    name: '1 string',
    f: '2 float',
    i: '3 int64',
    s: '4 bytes',
    t: '5 Tensor',
    g: '6 Graph',
    floats: '7 *float',
    ints: '8 *int64',
    strings: '9 *bytes',
    tensors: '10 *Tensor',
    graphs: '11 *Graph',
    docString: '13 string',
    tp: '14 Type',
    typeProtos: '15 *Type',
    type: '20 int32',
    refAttrName: '21 string',
    sparseTensor: '22 SparseTensor',
    sparseTensors: '23 *SparseTensor',
  },
  Tensor: {
    dims: '1 *int64',
    dataType: '2 int32',
    segment: '3 Segment',
    floatData: '4 +float',
    int32Data: '5 +int32',
    stringData: '6 *bytes',
    int64Data: '7 +int64',
    name: '8 string',
    rawData: `${RAW_DATA_FIELD} bytes`,
    doubleData: '10 +double',
    uint64Data: '11 +uint64',
    docString: '12 string',
    externalData: '13 *StringStringEntry',
    dataLocation: '14 int32',
    metadataProps: '16 *StringStringEntry',
    rawRange: `${RAW_RANGE_FIELD} uint32`,
  },
  Segment: { begin: '1 int64', end: '2 int64' },
  SparseTensor: { values: '1 Tensor', indices: '2 Tensor', dims: '3 *int64' },
  ValueInfo: {
    name: '1 string',
    type: '2 Type',
    docString: '3 string',
    metadataProps: '4 *StringStringEntry',
  },
  Type: {
    tensorType: '1 TensorType',
    sequenceType: '4 SequenceType',
    mapType: '5 MapType',
    denotation: '6 string',
    opaqueType: '7 OpaqueType',
    sparseTensorType: '8 TensorType',
    optionalType: '9 SequenceType',
  },
  TensorType: { elemType: '1 int32', shape: '2 TensorShape' },
  SequenceType: { elemType: '1 Type' },
  MapType: { keyType: '1 int32', valueType: '2 Type' },
  OpaqueType: { domain: '1 string', name: '2 string' },
  TensorShape: { dim: '1 *Dimension' },
  Dimension: { dimValue: '1 int64', dimParam: '2 string', denotation: '3 string' },
  StringStringEntry: { key: '1 string', value: '2 string' },
  OperatorSetId: { domain: '1 string', version: '2 int64' },
  TensorAnnotation: { tensorName: '1 string', quantParameterTensorNames: '2 *StringStringEntry' },
  TrainingInfo: {
    initialization: '1 Graph',
    algorithm: '2 Graph',
    initializationBinding: '3 *StringStringEntry',
    updateBinding: '4 *StringStringEntry',
  },
  Function: {
    name: '1 string',
    input: '4 *string',
    output: '5 *string',
    attribute: '6 *string',
    node: '7 *Node',
    docString: '8 string',
    opsetImport: '9 *OperatorSetId',
    domain: '10 string',
    attributeProto: '11 *Attribute',
    valueInfo: '12 *ValueInfo',
    overload: '13 string',
    metadataProps: '14 *StringStringEntry',
  },
  DeviceConfiguration: { name: '1 string', numDevices: '2 int32', device: '3 *string' },
  NodeDeviceConfiguration: {
    configurationId: '1 string',
    shardingSpec: '2 *ShardingSpec',
    pipelineStage: '3 int32',
  },
  ShardingSpec: {
    tensorName: '1 string',
    device: '2 *int64',
    indexToDeviceGroupMap: '3 *IntIntListEntry',
    shardedDim: '4 *ShardedDim',
  },
  IntIntListEntry: { key: '1 int64', value: '2 *int64' },
  ShardedDim: { axis: '1 int64', simpleSharding: '2 *SimpleShardedDim' },
  SimpleShardedDim: { dimValue: '1 int64', dimParam: '2 string', numShards: '3 int64' },
};

export function fieldsOf(message: string): FieldSpec[] {
  return Object.entries(MESSAGES[message] ?? {}).map(([name, text]) => {
    const [id, type] = text.split(' ') as [string, string];
    const repeated = type.startsWith('*') || type.startsWith('+');
    return {
      name,
      id: Number(id),
      type: repeated ? type.slice(1) : type,
      repeated,
      packed: type.startsWith('+'),
    };
  });
}

let types: ReadonlyMap<string, MessageType> | undefined;

function modelType(): MessageType {
  types ??= messageTypes(
    Object.fromEntries(Object.keys(MESSAGES).map((name) => [name, fieldsOf(name)])),
  );
  return types.get('Model')!;
}

/** Decodes the bytes of a ModelProto; throws protobufjs's own errors on malformed input. */
export const decodeMessage = (bytes: Uint8Array): ModelMessage =>
  readMessage(modelType(), bytes) as ModelMessage;

/** @throws ONNX_TOO_DEEP: a transformed model may nest one graph more than its source */
export function encodeMessage(message: ModelMessage): Uint8Array {
  try {
    return writeMessage(modelType(), message);
  } catch (error) {
    throw isTooDeep(error) ? modelTooDeep() : error;
  }
}
