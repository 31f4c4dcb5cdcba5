/** `If` joins what its branches make. */

import { equal } from '../sizes/dim.js';
import { holding, type Operators } from './operator.js';
import type { Rule, RuleContext } from './rules/context.js';
import type { Facts } from './rules/facts.js';

/** What holds whichever of the two it is. */
function either(c: RuleContext, a: Facts, b: Facts): Facts {
  const dtype = a.dtype === b.dtype ? a.dtype : undefined;
  const sequence = a.sequence === b.sequence ? a.sequence : undefined;
  if (!a.shape || !b.shape) return { dtype, sequence, why: a.why ?? b.why };
  if (a.shape.length !== b.shape.length)
    return { dtype, why: `one branch makes rank ${a.shape.length}, the other ${b.shape.length}` };
  const shape = a.shape.map((size, i) => {
    const other = b.shape?.[i];
    return other && equal(size, other) ? size : c.freshSize(i);
  });
  // of other numbers of elements the sizes differ, and none are known
  const same = a.contents?.every((x, i) => {
    const y = b.contents?.[i];
    return y !== undefined && equal(x.over, y.over) && x.under === y.under;
  });
  return { dtype, shape, contents: same ? a.contents : undefined };
}

const branch: Rule = (c) => {
  const inside = (name: 'then_branch' | 'else_branch'): Facts[] => {
    const attribute = c.node.attributes.get(name);
    return attribute?.type === 'graph'
      ? c.inference.enter(attribute.value, [])
      : c.fail(`its ${name} is missing`);
  };
  const taken = c.constants(0)?.[0];
  if (taken !== undefined) return inside(taken ? 'then_branch' : 'else_branch');
  const no = inside('else_branch');
  return inside('then_branch').map((facts, i) => either(c, facts, no[i] ?? {}));
};

export const CONTROL: Operators = { If: holding(1, branch) };
