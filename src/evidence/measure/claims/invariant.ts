/**
 * What a site claims that is computed once an image: its values depend on inputs that stay the same, and
 * neither the latent nor the timestep is one of them.
 */
import type { Value } from '../../../model/ir/value.js';
import type { Schedule } from '../../../runtime/schedule/index.js';
import type { DataFlow } from './data-flow.js';

/**
 * What is wrong, as the end of a sentence; undefined where nothing is.
 * @param stays the inputs that are said to stay the same
 */
export function wrongInvariant(
  flow: DataFlow,
  values: readonly Value[],
  { roles = {} }: Schedule['source'],
  stays: ReadonlySet<string>,
): string | undefined {
  const changing = [roles.latent, roles.timestep].find((name) => name && stays.has(name));
  if (changing) return `"${changing}" is another one at every call`;
  for (const value of values)
    for (const origin of flow.before([value]))
      if (origin.isGraphInput && !origin.initializer && !stays.has(origin.name))
        return `"${value.name}" depends on "${origin.name}"`;
  return undefined;
}
