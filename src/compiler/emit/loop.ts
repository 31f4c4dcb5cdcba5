/** The loop of a schedule: which one it is written out for, and the rules by which others come to be. */
import type { Macs } from '../../model/cost/index.js';
import type { Loop } from '../../runtime/schedule/index.js';
import type { EmitForm } from '../lower/index.js';
import type { Compilation } from '../pipeline/index.js';

/** Why forms serve one loop. */
const INSIDE: Partial<Record<EmitForm, string>> = {
  stateful: 'the plan lies in the model, as a table with a row for each call',
  loop: 'the plan lies in the model, as a table with a row for each call',
};

/** @param macs of each program */
export function loopOfPlan(
  { loop, plan, instrumented, lowered }: Compilation,
  macs: ReadonlyMap<string, Macs>,
): Loop {
  const { steps, start, timesteps } = loop;
  const written = { steps, start, ...(timesteps && { timesteps: [...timesteps] }) };
  const { rows, fixed = INSIDE[lowered.emit] } = instrumented;
  if (!rows) return { ...written, ...(fixed !== undefined && { fixed }) };
  const costs = (names: readonly string[]) => macs.get(names[0]!)?.all ?? 0;
  const cost = ({ variants }: (typeof rows)[number]) =>
    variants.reduce((sum, names) => sum + costs(names), 0);
  return {
    ...written,
    rules: plan.rules!.map((rule) => structuredClone(rule)),
    rows: [...rows]
      .sort((a, b) => cost(a) - cost(b))
      .map(({ choices, variants }) => ({
        choices: [...choices],
        programs: variants.map((names) => [...names]),
      })),
  };
}
