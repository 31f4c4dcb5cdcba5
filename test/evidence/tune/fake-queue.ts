/** A queue in memory, that can be away, lose everything, and hold what nobody should have put there. */
import type {
  QueuedResult,
  QueuedTrial,
  TakenTrial,
  TrialQueue,
  TrialState,
} from '../../../src/evidence/tune/queue/trial-queue.js';

export class FakeQueue implements TrialQueue {
  isConnected = true;
  readonly known = new Map<string, ReadonlyMap<string, Uint8Array>>();
  readonly trials = new Map<string, { trial: unknown; state: TrialState; times: number }>();
  readonly sent = new Map<string, QueuedResult>();
  readonly said: string[] = [];
  readonly refused: string[] = [];
  isClosed = false;

  loseAll(): void {
    for (const all of [this.known, this.trials, this.sent]) all.clear();
  }

  async announce(search: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    this.#answer();
    this.known.set(search, files);
  }

  async ask(_search: string, trials: readonly QueuedTrial[]): Promise<void> {
    this.#answer();
    for (const { id, trial } of trials) {
      const times = (this.trials.get(id)?.times ?? 0) + 1;
      if (!this.trials.has(id)) this.trials.set(id, { trial, state: 'waiting', times });
    }
  }

  async states(_search: string, ids: readonly string[]): Promise<TrialState[]> {
    this.#answer();
    return ids.map((id) => this.trials.get(id)?.state ?? 'gone');
  }

  async results(ids: readonly string[]): Promise<Map<string, QueuedResult>> {
    this.#answer();
    return new Map([...this.sent].filter(([id]) => ids.includes(id)));
  }

  async drop(ids: readonly string[]): Promise<void> {
    this.#answer();
    for (const id of ids) this.sent.delete(id);
  }

  async takeBack(_search: string, id: string): Promise<boolean> {
    this.#answer();
    if (this.trials.get(id)?.state === 'running' || this.sent.has(id)) return false;
    this.trials.delete(id);
    return true;
  }

  async remarks(): Promise<string[]> {
    this.#answer();
    return this.said.splice(0);
  }

  async withdraw(search: string): Promise<void> {
    this.#answer();
    this.known.delete(search);
    this.trials.clear();
  }

  async searches(): Promise<string[]> {
    this.#answer();
    return [...this.known.keys()];
  }

  async file(hash: string): Promise<Uint8Array | undefined> {
    this.#answer();
    return [...this.known.values()].flatMap((files) => files.get(hash) ?? [])[0];
  }

  async take(search: string): Promise<TakenTrial | undefined> {
    this.#answer();
    const found = [...this.trials].find(([, { state }]) => state === 'waiting');
    if (!found || !this.known.has(search)) return undefined;
    const [id, one] = found;
    one.state = 'running';
    return {
      id,
      trial: one.trial,
      done: async (result) => {
        this.#answer();
        this.sent.set(id, result);
        this.trials.delete(id);
      },
      giveBack: async (fault) => {
        this.#answer();
        one.state = fault === undefined ? 'waiting' : { failed: fault };
      },
      refuse: async (reason) => {
        this.#answer();
        this.refused.push(reason);
        this.trials.delete(id);
      },
    };
  }

  async remark(_search: string, text: string): Promise<void> {
    this.#answer();
    this.said.push(text);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  #answer(): void {
    if (!this.isConnected)
      throw Object.assign(new Error('there is no connection'), { fault: 'down' });
  }
}
