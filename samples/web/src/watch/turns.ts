/** Two loops that take turns, so that neither takes the cores from the other; and a gate that stops both. */
import type { Which } from './messages.js';

export class Turns {
  private next: Which = 'source';
  private waiting = new Map<Which, () => void>();
  private open = true;
  /** Turns that a closed gate lets through. */
  private allowed = 0;

  /** Resolves when it is this loop's turn and the gate is open. */
  async take(which: Which): Promise<void> {
    await letMessagesIn();
    return new Promise((resolve) => {
      this.waiting.set(which, resolve);
      this.wake();
    });
  }

  /** The loop is done with its turn. */
  pass(which: Which): void {
    this.next = which === 'source' ? 'bundle' : 'source';
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
    this.allowed = 2;
    this.wake();
  }

  private wake(): void {
    const resolve = this.waiting.get(this.next);
    if (!resolve || (!this.open && this.allowed === 0)) return;
    if (!this.open) this.allowed--;
    this.waiting.delete(this.next);
    resolve();
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
