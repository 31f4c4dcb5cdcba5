/** Two loops that take turns, so that neither takes the cores from the other, one after them, and a gate that stops all. */
import type { Which } from './messages.js';

/** Ends a loop at its next turn. */
export class Stopped extends Error {}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Turns {
  private next: Which = 'source';
  private waiting = new Map<Which, Waiting>();
  private open = true;
  private stopped = false;
  /** Whether a closed gate lets one step of both through. */
  private allowed = false;

  /** Resolves when it is this loop's turn and the gate is open. */
  async take(which: Which): Promise<void> {
    await letMessagesIn();
    return new Promise((resolve, reject) => {
      this.waiting.set(which, { resolve, reject });
      this.wake();
    });
  }

  /** The loop is done with its turn. */
  pass(which: Which): void {
    if (which !== 'fewer') this.next = which === 'source' ? 'bundle' : 'source';
    this.wake();
  }

  /** From now on it is always this loop's turn. */
  only(which: Which): void {
    this.next = which;
    this.wake();
  }

  pause(): void {
    this.open = false;
  }

  resume(): void {
    this.open = true;
    this.wake();
  }

  /** Lets both loops make one step. */
  step(): void {
    this.allowed = true;
    this.wake();
  }

  /** Ends both loops. */
  stop(): void {
    this.stopped = true;
    this.wake();
  }

  private wake(): void {
    if (this.stopped) {
      for (const { reject } of this.waiting.values()) reject(new Stopped());
      this.waiting.clear();
      return;
    }
    const turn = this.waiting.get(this.next);
    if (!turn) return;
    // both loops stop at the same step: what the first has begun, the second ends
    if (this.next !== 'bundle') {
      if (!this.open && !this.allowed) return;
      this.allowed = false;
    }
    this.waiting.delete(this.next);
    turn.resolve();
  }
}

/** Promises alone never let a worker come to its messages, and timers wait longer than they need. */
const letMessagesIn = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
