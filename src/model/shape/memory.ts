/**
 * What one inference of a model tells the next, where a model that stays as it is is inferred many times: with other
 * states, or other branches taken. Facts that are equal are one object, so that a node whose inputs
 * are as they were is known at a glance. Costs a text for everything that is inferred anew.
 */

import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import type { Facts } from '../operators/rules/facts.js';
import { tensorFacts } from '../operators/rules/tensor-facts.js';
import { type DimExpr, hasFreshSymbol } from '../sizes/dim.js';

interface Remembered {
  readonly inputs: readonly Facts[];
  readonly outputs: readonly Facts[];
}

/** A node that comes out otherwise each time is not worth a longer list. */
const MOST_REMEMBERED = 8;

export class InferenceMemory {
  private readonly facts = new Map<string, Facts>();
  private readonly nodes = new Map<Node, Remembered[]>();
  private readonly constants = new Map<Value, Facts>();

  /** The same, as the object that stands for all that are equal to it. */
  one(facts: Facts): Facts {
    const key = keyOf(facts);
    const known = this.facts.get(key);
    if (known) return known;
    this.facts.set(key, facts);
    return facts;
  }

  /** Facts of an initializer. */
  constant(value: Value): Facts {
    let facts = this.constants.get(value);
    if (!facts) {
      facts = this.one(tensorFacts(value.initializer!));
      this.constants.set(value, facts);
    }
    return facts;
  }

  /** What a node made of just these inputs. */
  recall(node: Node, inputs: readonly Facts[]): readonly Facts[] | undefined {
    return this.nodes
      .get(node)
      ?.find((before) => before.inputs.every((facts, i) => facts === inputs[i]))?.outputs;
  }

  /** @param outputs that follow from the inputs alone, and nothing else with them */
  remember(node: Node, inputs: readonly Facts[], outputs: readonly Facts[]): void {
    const before = this.nodes.get(node) ?? [];
    if (before.length < MOST_REMEMBERED) before.push({ inputs, outputs });
    this.nodes.set(node, before);
  }
}

const keyOf = ({ dtype, shape, contents, sequence, optional, why }: Facts): string =>
  JSON.stringify([
    dtype,
    shape?.map(sizeKey),
    contents?.map(({ over, under }) => `${sizeKey(over)} / ${under}`),
    sequence,
    optional && keyOf(optional),
    why,
  ]);

/** A made-up size is not one that an input declares by the same name. */
const sizeKey = (size: DimExpr): string => (hasFreshSymbol(size) ? `~${size.key}` : size.key);
