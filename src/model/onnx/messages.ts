/**
 * The messages of `onnx.proto` (IR version 14) as plain objects, field names in camelCase. 64-bit
 * integers are `Long`, bytes are `Uint8Array`. A field left out of the file is left out of the
 * object. Only src/model/onnx uses these; the rest of Stepfold works on src/model/ir.
 */
import type Long from 'long';

export type Int64 = Long | number;

interface Message {
  /** Fields this version of the descriptor does not know, as raw bytes with their tags. */
  $unknowns?: Uint8Array[];
}

export interface StringStringEntry extends Message {
  key?: string;
  value?: string;
}

export interface DimensionMessage extends Message {
  dimValue?: Int64;
  dimParam?: string;
  denotation?: string;
}

export interface TensorShapeMessage extends Message {
  dim?: DimensionMessage[];
}

export interface TypeMessage extends Message {
  tensorType?: Message & { elemType?: number; shape?: TensorShapeMessage };
  sequenceType?: Message & { elemType?: TypeMessage };
  mapType?: Message & { keyType?: number; valueType?: TypeMessage };
  optionalType?: Message & { elemType?: TypeMessage };
  sparseTensorType?: Message & { elemType?: number; shape?: TensorShapeMessage };
  opaqueType?: Message & { domain?: string; name?: string };
  denotation?: string;
}

export interface ValueInfoMessage extends Message {
  name?: string;
  type?: TypeMessage;
  docString?: string;
  metadataProps?: StringStringEntry[];
}

export interface TensorMessage extends Message {
  dims?: Int64[];
  dataType?: number;
  segment?: Message & { begin?: Int64; end?: Int64 };
  floatData?: number[];
  int32Data?: number[];
  stringData?: Uint8Array[];
  int64Data?: Int64[];
  name?: string;
  docString?: string;
  rawData?: Uint8Array;
  externalData?: StringStringEntry[];
  dataLocation?: number;
  doubleData?: number[];
  uint64Data?: Int64[];
  metadataProps?: StringStringEntry[];
  /** Stepfold's own placeholder for a large `rawData` left in the file; see skeleton.ts. */
  rawRange?: number;
}

export interface SparseTensorMessage extends Message {
  values?: TensorMessage;
  indices?: TensorMessage;
  dims?: Int64[];
}

export interface AttributeMessage extends Message {
  name?: string;
  refAttrName?: string;
  docString?: string;
  type?: number;
  f?: number;
  i?: Int64;
  s?: Uint8Array;
  t?: TensorMessage;
  g?: GraphMessage;
  sparseTensor?: SparseTensorMessage;
  tp?: TypeMessage;
  floats?: number[];
  ints?: Int64[];
  strings?: Uint8Array[];
  tensors?: TensorMessage[];
  graphs?: GraphMessage[];
  sparseTensors?: SparseTensorMessage[];
  typeProtos?: TypeMessage[];
}

export interface NodeMessage extends Message {
  input?: string[];
  output?: string[];
  name?: string;
  opType?: string;
  domain?: string;
  overload?: string;
  attribute?: AttributeMessage[];
  docString?: string;
  metadataProps?: StringStringEntry[];
  deviceConfigurations?: Message[];
}

export interface TensorAnnotationMessage extends Message {
  tensorName?: string;
  quantParameterTensorNames?: StringStringEntry[];
}

export interface GraphMessage extends Message {
  node?: NodeMessage[];
  name?: string;
  initializer?: TensorMessage[];
  sparseInitializer?: SparseTensorMessage[];
  docString?: string;
  input?: ValueInfoMessage[];
  output?: ValueInfoMessage[];
  valueInfo?: ValueInfoMessage[];
  quantizationAnnotation?: TensorAnnotationMessage[];
  metadataProps?: StringStringEntry[];
}

export interface OperatorSetIdMessage extends Message {
  domain?: string;
  version?: Int64;
}

export interface FunctionMessage extends Message {
  name?: string;
  input?: string[];
  output?: string[];
  attribute?: string[];
  attributeProto?: AttributeMessage[];
  node?: NodeMessage[];
  docString?: string;
  opsetImport?: OperatorSetIdMessage[];
  domain?: string;
  overload?: string;
  valueInfo?: ValueInfoMessage[];
  metadataProps?: StringStringEntry[];
}

export interface TrainingInfoMessage extends Message {
  initialization?: GraphMessage;
  algorithm?: GraphMessage;
  initializationBinding?: StringStringEntry[];
  updateBinding?: StringStringEntry[];
}

export interface ModelMessage extends Message {
  irVersion?: Int64;
  opsetImport?: OperatorSetIdMessage[];
  producerName?: string;
  producerVersion?: string;
  domain?: string;
  modelVersion?: Int64;
  docString?: string;
  graph?: GraphMessage;
  metadataProps?: StringStringEntry[];
  trainingInfo?: TrainingInfoMessage[];
  functions?: FunctionMessage[];
  configuration?: Message[];
}

/** `AttributeProto.AttributeType`. */
export const AttributeType = {
  UNDEFINED: 0,
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
  TENSORS: 9,
  GRAPHS: 10,
  SPARSE_TENSOR: 11,
  SPARSE_TENSORS: 12,
  TYPE_PROTO: 13,
  TYPE_PROTOS: 14,
} as const;

/** `TensorProto.DataLocation.EXTERNAL`. */
export const EXTERNAL = 1;
