/**
 * Configurations as `protoc` reads them, which Triton's own reader of text is the library of. Without it tests are skipped
 * and say so; STEPFOLD_PROTOC=required makes that a failure.
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import protobuf from 'protobufjs';

const PROTO = path.join(import.meta.dirname, 'model-config.proto');
const MESSAGE = 'inference.ModelConfig';

/** Why there is none; undefined where there is. */
export function whyNoProtoc(): string | undefined {
  try {
    execFileSync('protoc', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    const why = 'there is no protoc (apt-get install protobuf-compiler)';
    if (process.env.STEPFOLD_PROTOC === 'required') throw new Error(`test/compiler/export: ${why}`);
    console.warn(`test/compiler/export is skipped in part: ${why}`);
    return why;
  }
}

/** Bytes of a message in text form. @throws what protoc says of it */
export const encodeText = (text: string): Buffer =>
  execFileSync('protoc', ['-I.', `--encode=${MESSAGE}`, path.basename(PROTO)], {
    cwd: path.dirname(PROTO),
    input: text,
    stdio: ['pipe', 'pipe', 'pipe'],
  });

interface Shaped {
  readonly data_type: string;
  readonly dims: readonly number[];
}

export interface Port extends Shaped {
  readonly name: string;
  readonly reshape?: { readonly shape: readonly number[] };
}

export interface StateConfig extends Shaped {
  readonly input_name: string;
  readonly output_name: string;
  readonly initial_state: readonly (Shaped & {
    readonly name: string;
    readonly zero_data?: true;
  })[];
}

export interface SequenceConfig {
  readonly max_sequence_idle_microseconds: number;
  readonly oldest?: { readonly max_candidate_sequences: number };
  readonly state: readonly StateConfig[];
}

export interface WarmUpConfig {
  readonly name: string;
  readonly batch_size: number;
  readonly inputs: Readonly<Record<string, Shaped & { readonly zero_data?: true }>>;
}

export interface ModelConfig {
  readonly name: string;
  readonly backend: string;
  readonly max_batch_size: number;
  readonly input: readonly Port[];
  readonly output: readonly Port[];
  readonly sequence_batching?: SequenceConfig;
  readonly dynamic_batching?: object;
  readonly model_warmup: readonly WarmUpConfig[];
}

const root = new protobuf.Root().loadSync(PROTO, { keepCase: true });

export function parseConfig(text: string): ModelConfig {
  const type = root.lookupType(MESSAGE);
  const options = { enums: String, longs: Number, arrays: true } as const;
  // a number of 0 is not sent
  return { max_batch_size: 0, ...type.toObject(type.decode(encodeText(text)), options) } as never;
}
