/** How strict a search is: the paper's presets D1 to D6, or a number. */
import { badOption } from '../../errors/index.js';

const PRESETS = 6;

/** δ = 0.025 j (DiTFastAttn, section 4.1), without the rounding of a product of fractions. */
const preset = (level: number) => (level * 25) / 1000;

/**
 * Reads a pass's option `threshold`.
 * @param value `D1` to `D6`, or a number above 0, also as text
 * @throws PASS_OPTION
 */
export function readThreshold(pass: string, value: string | number): number {
  const level = Number(/^D([1-6])$/i.exec(String(value))?.[1]);
  if (level) return preset(level);
  const threshold = String(value).trim() === '' ? Number.NaN : Number(value);
  if (!(threshold > 0 && Number.isFinite(threshold)))
    throw badOption(
      pass,
      'threshold',
      `it must be D1 to D${PRESETS} (${preset(1)} to ${preset(PRESETS)}) or a number above 0, not "${value}"`,
    );
  return threshold;
}
