/** What full steps keep, from step to step of the full loop: what published rules look at. */
import { decodeFloat16 } from '../../../io/float16.js';
import type { FullLoop } from './full-loop.js';
import { magCache, type Rule, smoothCache } from './rules.js';

type Series = readonly (readonly Float32Array[])[];

/** Of what two steps kept: nothing is as large as nothing. */
function growth(own: Float32Array, before: Float32Array): number {
  const [a, b] = [norm(own), norm(before)];
  return a > 0 || b > 0 ? a / b : 1;
}

/** By step, each value that the step kept, in the same order at every step. */
function keptSeries({ positions }: FullLoop): Series {
  return positions.slice(1).map(({ histories }) =>
    histories.flatMap((history) =>
      [...history]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, [last]]) => {
          const { type, data } = last!.tensor;
          return type === 'float16' && data instanceof Uint16Array
            ? decodeFloat16(data)
            : (data as Float32Array);
        }),
    ),
  );
}

/** @param none for passes that keep nothing */
const mean = (values: readonly number[], none = 0) =>
  values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : none;

function norm(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value * value;
  return Math.sqrt(total);
}

/** mean|a - b| / mean|b| */
function relativeChange(a: Float32Array, b: Float32Array): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    difference += Math.abs(a[i]! - b[i]!);
    size += Math.abs(b[i]!);
  }
  return size > 0 || difference > 0 ? difference / size : 0;
}

/** @param name of the published rule */
export function ruleOf(name: 'magcache' | 'smoothcache', whole: FullLoop): Rule {
  const series = keptSeries(whole);
  if (name === 'smoothcache')
    return smoothCache(series.length, (step, before) =>
      mean(series[step]!.map((own, i) => relativeChange(own, series[before]![i]!))),
    );
  return magCache(
    series.map((kept, step) =>
      step === 0
        ? 1
        : mean(
            kept.map((own, i) => growth(own, series[step - 1]![i]!)),
            1,
          ),
    ),
  );
}
