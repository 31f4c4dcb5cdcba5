/** Calls of a queue that may be away: what cannot be had now is undefined, and people are told. */
import { queueRefused } from '../../../errors/index.js';
import type { QueueAt } from './connect.js';
import type { QueueFault, TrialQueue } from './trial-queue.js';

export class QueueCalls {
  readonly #told = new Set<string>();
  #isAway = false;

  constructor(
    readonly at: QueueAt,
    readonly onNotice: (text: string) => void,
  ) {}

  /**
   * Undefined while it is away.
   * @throws QUEUE_REFUSED
   */
  async demand<T>(call: (queue: TrialQueue) => Promise<T>): Promise<T | undefined> {
    try {
      return await call(this.at.queue);
    } catch (error) {
      const { fault, message } = error as QueueFault;
      if (fault !== 'down') throw queueRefused(this.at.place, message);
      this.#away();
      return undefined;
    }
  }

  /** Undefined where it refuses, too. */
  async attempt<T>(call: (queue: TrialQueue) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.demand(call);
    } catch (error) {
      this.#tell((error as Error).message);
      return undefined;
    }
  }

  /** Whether it was away, and is there again. */
  isBack(): boolean {
    if (!this.at.queue.isConnected) this.#away();
    else if (this.#isAway) {
      this.#isAway = false;
      this.onNotice(`${this.at.place} is there again.`);
      return true;
    }
    return false;
  }

  #away(): void {
    if (!this.#isAway) this.onNotice(`${this.at.place} is away.`);
    this.#isAway = true;
  }

  /** Once, however often it is so. */
  #tell(text: string): void {
    if (!this.#told.has(text)) this.onNotice(text);
    this.#told.add(text);
  }
}
