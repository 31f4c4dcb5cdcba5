/** What calls of the reference kept, by name, with the call; and forecasts of it, summed up by plain code. */
import type { Tensor } from 'onnxruntime-common';
import { decodeFloat16, encodeFloat16 } from '../../../io/float16.js';
import type { Schedule } from '../../../runtime/schedule/index.js';
import type { Ort } from '../engine.js';
import { type ForecastRule, referenceWeightsAt } from './forecast-weights.js';

interface Kept {
  readonly call: number;
  readonly tensor: Tensor;
}

export class KeptHistory {
  /** The last first. */
  private readonly kept = new Map<string, readonly Kept[]>();

  keep(name: string, call: number, tensor: Tensor): void {
    this.kept.set(name, [{ call, tensor }, ...(this.kept.get(name) ?? [])]);
  }

  last(name: string): Tensor | undefined {
    return this.kept.get(name)?.[0]?.tensor;
  }

  /** What a value will be at a call, by its last values. */
  forecast(
    name: string,
    rule: ForecastRule,
    call: number,
    schedule: Schedule,
    ort: Ort,
  ): Tensor | undefined {
    const known = this.kept.get(name);
    if (!known) return undefined;
    const written = known.map((kept) => kept.call);
    const weights = referenceWeightsAt(schedule, rule, written, call);
    const { type, dims } = known[0]!.tensor;
    const sum = new Float64Array(known[0]!.tensor.size);
    for (const [i, { tensor }] of known.slice(0, weights.length).entries()) {
      const numbers = numbersOf(tensor);
      const weight = weights[i]!;
      for (let e = 0; e < sum.length; e++) sum[e] = sum[e]! + weight * numbers[e]!;
    }
    const data =
      type === 'float16' ? encodeFloat16(Float32Array.from(sum)) : Float32Array.from(sum);
    return new ort.Tensor(type as never, data as never, dims) as unknown as Tensor;
  }
}

const numbersOf = ({ type, data }: Tensor): Float32Array =>
  type === 'float16' ? decodeFloat16(data as Uint16Array) : (data as Float32Array);
