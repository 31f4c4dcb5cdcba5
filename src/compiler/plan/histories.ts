/**
 * Which calls' values states hold. A state is written by a call, and those that follow it take what it held before;
 * parameters are fed and hold nothing.
 */
import type { CallHistory, PlainSite } from './site.js';

/** A state as a place in a history: the value that `root` took `back` writes before the last. */
interface Place {
  readonly root: string;
  readonly back: number;
}

export class Histories {
  private readonly follows = new Map<string, string | undefined>();
  private readonly depths = new Map<string, number>();
  private readonly parameters = new Set<string>();
  private readonly initial = new Set<string>();

  constructor(sites: readonly Pick<PlainSite, 'states' | 'parameters'>[]) {
    for (const { states, parameters = [] } of sites) {
      for (const { id, follows, initial } of states) {
        this.follows.set(id, follows);
        if (initial) this.initial.add(id);
      }
      for (const { id } of parameters) this.parameters.add(id);
    }
    for (const id of this.follows.keys()) {
      const { root, back } = this.placeOf(id);
      this.depths.set(root, Math.max(this.depths.get(root) ?? 0, back + 1));
    }
  }

  isParameter(id: string): boolean {
    return this.parameters.has(id);
  }

  /** Does a state hold something before the first call? */
  isInitial(id: string): boolean {
    return this.initial.has(id);
  }

  placeOf(id: string): Place {
    let [root, back] = [id, 0];
    for (let next = this.follows.get(id); next !== undefined; next = this.follows.get(next)) {
      root = next;
      back++;
    }
    return { root, back };
  }

  /** How many values are held of a state that none before it follows. */
  depthOf(root: string): number {
    return this.depths.get(root) ?? 1;
  }
}

/** The writers of all states while calls pass by. */
export class Writers {
  private readonly calls = new Map<string, readonly number[]>();

  constructor(private readonly histories: Histories) {}

  /** The calls that a read of a state depends on, the last first; none where nothing was written yet. */
  of(state: string): readonly number[] {
    const { root, back } = this.histories.placeOf(state);
    return (this.calls.get(root) ?? []).slice(0, back + 1);
  }

  write(state: string, call: number): void {
    const held = [call, ...(this.calls.get(state) ?? [])];
    this.calls.set(state, held.slice(0, this.histories.depthOf(state)));
  }

  /** As parameters ask for it. */
  at(call: number): CallHistory {
    return { call, written: (state) => this.calls.get(state) ?? [] };
  }
}
