/** A loop as options of the command line. */
import type { SamplerChoice } from '../../../evidence/yardstick/index.js';
import { PATH_FLAGS, SOLVER_FLAGS } from '../../../runtime/samplers/index.js';
import { kebab } from '../../kebab.js';

/** Options that have other names there. */
const NAMES: Readonly<Record<string, string>> = { offset: 'steps-offset' };

export function samplerFlags({ name, schedule, ...options }: SamplerChoice): string[] {
  const { path, ...ofPath } = (schedule ?? {}) as Readonly<Record<string, unknown>>;
  const given = (values: Readonly<Record<string, unknown>>, flags: object) =>
    Object.entries(values).flatMap(([option, value]) => {
      const isFlag = Object.hasOwn(flags, option) || option === 'spacing' || option === 'steps';
      if (!isFlag || value === undefined) return [];
      return [`--${NAMES[option] ?? kebab(option)}`, String(value)];
    });
  return [
    ...['--sampler', name],
    ...given(options, SOLVER_FLAGS),
    ...(path === undefined ? [] : ['--path', String(path)]),
    ...given(ofPath, PATH_FLAGS),
  ];
}
