/** Which branch of an If runs, by what the strategy inputs of a merged graph are fed. */
import { constantTensor } from '../../model/ir/constants.js';
import type { Graph } from '../../model/ir/graph.js';
import { isOp, type Node } from '../../model/ir/node.js';
import { readNumbers } from '../../model/ir/tensor.js';
import type { Value } from '../../model/ir/value.js';

export class BranchesTaken {
  private readonly known = new Map<Node, Graph | undefined>();

  /** @param fed to each strategy input, by its name */
  constructor(private readonly fed: ReadonlyMap<string, number>) {}

  /** Undefined for other nodes, and for an If that decides by something else. */
  of(node: Node): Graph | undefined {
    if (!isOp(node, 'If')) return undefined;
    if (!this.known.has(node)) this.known.set(node, this.decided(node));
    return this.known.get(node);
  }

  private decided(node: Node): Graph | undefined {
    const equal = node.inputs[0]?.producer;
    if (!isOp(equal, 'Equal')) return undefined;
    const choice = this.chosen(equal.inputs[0]!);
    const index = constantTensor(equal.inputs[1]);
    if (choice === undefined || !index) return undefined;
    const name = choice === readNumbers(index)[0] ? 'then_branch' : 'else_branch';
    const branch = node.attributes.get(name);
    return branch?.type === 'graph' ? branch.value : undefined;
  }

  private chosen(choice: Value): number | undefined {
    const { producer } = choice;
    if (!producer) return this.fed.get(choice.name);
    if (!isOp(producer, 'Gather')) return undefined;
    const at = this.fed.get(producer.inputs[1]!.name);
    const table = constantTensor(producer.inputs[0]);
    return at === undefined || !table ? undefined : readNumbers(table)[at];
  }
}

/** What a value is, where it is only passed on: by branches that run, and by Identities. */
export function passedOn(value: Value, taken: BranchesTaken): Value {
  for (let at = value; ; ) {
    const node = at.producer;
    if (!node) return at;
    if (isOp(node, 'Identity')) at = node.inputs[0]!;
    else {
      const branch = taken.of(node);
      if (!branch) return at;
      at = branch.outputs[at.outputIndex]!;
    }
  }
}
