/**
 * Names of what Stepfold adds to a model's interface. States come in and go out under the same order
 * when sorted by name, which Triton's implicit state relies on. A model may have such names already,
 * for one since it was transformed before: then all begin with another word.
 */
import type { NameScope } from '../../model/ir/graph.js';

const KINDS = ['in', 'out', 'strategy'] as const;

export class InterfaceNames {
  private constructor(private readonly prefix: string) {}

  /** Names that are free in a graph and all graphs inside it. */
  static freeIn(scope: NameScope): InterfaceNames {
    for (let n = 0; ; n++) {
      const prefix = n === 0 ? 'stepfold' : `stepfold_${n}`;
      if (!KINDS.some((kind) => scope.hasPrefix(`${prefix}.${kind}.`)))
        return new InterfaceNames(prefix);
    }
  }

  stateInput(state: string): string {
    return `${this.prefix}.in.${state}`;
  }

  stateOutput(state: string): string {
    return `${this.prefix}.out.${state}`;
  }

  strategyInput(site: string): string {
    return `${this.prefix}.strategy.${site}`;
  }

  /** Is it the input or the output of some state? */
  isState(name: string): boolean {
    return name.startsWith(`${this.prefix}.in.`) || name.startsWith(`${this.prefix}.out.`);
  }
}
