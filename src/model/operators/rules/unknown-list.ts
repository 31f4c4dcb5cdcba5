import type { DimExpr } from '../../sizes/dim.js';
import type { RuleContext } from './context.js';
import { MAX_CONTENTS } from './facts.js';

/** Made-up sizes for a list of which only the length is known. */
export function unknownList(c: RuleContext, input: number): DimExpr[] {
  const [length] = c.facts(input).shape ?? [];
  const count = length?.constant;
  if (count === undefined) return c.fail(`the elements of "${c.value(input).name}" are not known`);
  if (count > MAX_CONTENTS) return c.fail(`its result would have rank ${count}`);
  return Array.from({ length: count }, (_, i) => c.freshSize(i));
}
