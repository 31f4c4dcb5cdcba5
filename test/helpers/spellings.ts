/** The samples of one attention module in many spellings, with what their manifest says of them. */
import fs from 'node:fs';
import * as ort from 'onnxruntime-node';
import { decodeFloat16 } from '../../src/io/float16.js';
import { readNpy } from '../../src/io/npy.js';
import type { Model } from '../../src/model/ir/model.js';
import { loadModel } from '../../src/model/onnx/files.js';

export interface Spelling {
  readonly file: string;
  readonly attention: 'self' | 'cross' | 'pooling' | 'linear';
  readonly tokens: number;
  readonly keyTokens: number;
  readonly heads: number;
  /** Heads of k and v, where they are fewer. */
  readonly keyHeads?: number;
  readonly headDim: number;
  readonly mask: boolean;
  readonly values: {
    readonly input: string;
    readonly context?: string;
    /** Outputs of the projections; null inside an operator. */
    readonly query: string | null;
    readonly key: string | null;
    readonly value: string | null;
    readonly output: string;
  };
  readonly reference: {
    readonly inputs: Readonly<Record<string, string>>;
    readonly output: string;
    readonly tolerance: number;
  };
}

const folder = 'samples/spellings/';

export const SPELLINGS = (
  JSON.parse(fs.readFileSync(`${folder}spellings.json`, 'utf8')) as { spellings: Spelling[] }
).spellings;

export const loadSpelling = ({ file }: Spelling): Model => loadModel(folder + file);

/** Elements as float32, which float16 tensors hold as bit patterns. */
export const asFloat32 = (tensor: ort.Tensor): ort.Tensor =>
  tensor.type === 'float16'
    ? new ort.Tensor('float32', decodeFloat16(tensor.data as unknown as Uint16Array), tensor.dims)
    : tensor;

/** Inputs of the reference call, and its output as PyTorch computed it. */
export function referenceOf({ reference }: Spelling) {
  const read = (file: string) => {
    const { type, data, dims } = readNpy(fs.readFileSync(folder + file), file);
    return new ort.Tensor(type, data as never, dims);
  };
  const feeds = Object.fromEntries(
    Object.entries(reference.inputs).map(([name, file]) => [name, read(file)]),
  );
  return { feeds, output: asFloat32(read(reference.output)), tolerance: reference.tolerance };
}
