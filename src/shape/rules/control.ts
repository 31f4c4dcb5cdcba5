/** Control flow: `If` joins what its branches make; `Loop` and `Scan` go by their declared types. */
import type { Rule, RuleContext } from '../context.js';
import { equal } from '../dim.js';
import type { Facts } from '../facts.js';

/** What holds whichever of the two it is. */
function either(c: RuleContext, a: Facts, b: Facts): Facts {
  const dtype = a.dtype === b.dtype ? a.dtype : undefined;
  if (!a.shape || !b.shape) return { dtype, why: a.why ?? b.why };
  if (a.shape.length !== b.shape.length)
    return { dtype, why: `one branch makes rank ${a.shape.length}, the other ${b.shape.length}` };
  const shape = a.shape.map((size, i) => {
    const other = b.shape?.[i];
    return other && equal(size, other) ? size : c.freshSize(i);
  });
  const same =
    a.contents !== undefined &&
    a.contents.length === b.contents?.length &&
    a.contents.every((x, i) => {
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

/**
 * The body is inferred with the types it declares, since a carried value may change its shape from
 * round to round; the node's own outputs get what is declared about them.
 */
const loop: Rule = (c) => {
  const body = c.node.attributes.get('body');
  const made =
    body?.type === 'graph'
      ? c.inference.enter(
          body.value,
          body.value.inputs.map((v) => c.inference.declared(v)),
        )
      : [];
  const carried = c.node.opType === 'Loop' ? made.slice(1) : made;
  return c.node.outputs.map((output, i): Facts => {
    const declared = output ? c.inference.declared(output) : {};
    if (declared.shape) return declared;
    return {
      dtype: declared.dtype ?? carried[i]?.dtype,
      why: `the shape that ${c.node.opType} makes is not followed`,
    };
  });
};

export const CONTROL: Readonly<Record<string, Rule>> = { If: branch, Loop: loop, Scan: loop };
