/** One image that was asked for, from the queue to its end. */
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Generated } from 'stepfold/node';
import type { ProblemBody } from './problem.js';
import { Problem, problemOf } from './problem.js';
import type { ImageRequest } from './request.js';

export type ImageState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** As clients see it. */
export interface ImageStatus {
  readonly id: string;
  readonly state: ImageState;
  readonly step: number;
  readonly steps: number;
  readonly seed: number;
  readonly error?: ProblemBody;
}

export type Made = Pick<Generated, 'latent' | 'dims'>;

/** Makes an image; stops before its next step when the signal says so, and rejects. */
export type Make = (
  request: ImageRequest,
  signal: AbortSignal,
  onStep: (done: number) => void,
) => Promise<Made>;

/** Emits `change` whenever its status is another. */
export class Image extends EventEmitter<{ change: [] }> {
  readonly id = randomUUID();
  readonly #abort = new AbortController();
  #state: ImageState = 'queued';
  #step = 0;
  #problem: Problem | undefined;
  #made: Made | undefined;
  #endedAt: number | undefined;
  /** Until it was made: its conditions may be large. */
  #request: ImageRequest | undefined;
  readonly seed: number;
  readonly steps: number;

  constructor(request: ImageRequest) {
    super();
    this.#request = request;
    this.seed = request.seed;
    this.steps = request.steps;
    // one for each who looks on, as many as there are connections
    this.setMaxListeners(0);
  }

  get state(): ImageState {
    return this.#state;
  }

  get isOver(): boolean {
    return this.#endedAt !== undefined;
  }

  /** What was made; undefined before that, and where nothing was. */
  get made(): Made | undefined {
    return this.#made;
  }

  /** Why nothing was made. */
  get problem(): Problem | undefined {
    return this.#problem;
  }

  /** Milliseconds since the process began. */
  get endedAt(): number | undefined {
    return this.#endedAt;
  }

  get status(): ImageStatus {
    return {
      id: this.id,
      state: this.#state,
      step: this.#step,
      steps: this.steps,
      seed: this.seed,
      ...(this.#problem && { error: this.#problem.body }),
    };
  }

  /** Ends when nothing of it is left in the engine. Rejects never: what went wrong is its status. */
  async run(make: Make): Promise<void> {
    const request = this.#request;
    if (!request) return;
    this.#become('running');
    try {
      const made = await make(request, this.#abort.signal, (done) => {
        this.#step = done;
        if (!this.isOver) this.emit('change');
      });
      if (this.isOver) return;
      this.#made = made;
      this.#end('done');
    } catch (error) {
      if (this.isOver) return;
      this.#problem = problemOf(error);
      this.#end('failed');
    }
  }

  /** Over at once for everybody who looks; what runs of it stops before its next step. */
  cancel(): void {
    if (this.isOver) return;
    this.#problem = new Problem(409, {
      code: 'IMAGE_CANCELLED',
      message: 'The image was cancelled.',
      hint: 'Ask for it again.',
    });
    this.#end('cancelled');
    this.#abort.abort();
  }

  /** Resolves when it is over. */
  async over(): Promise<void> {
    while (!this.isOver) await new Promise<void>((resolve) => this.once('change', resolve));
  }

  #end(state: ImageState): void {
    this.#endedAt = performance.now();
    this.#request = undefined;
    this.#become(state);
  }

  #become(state: ImageState): void {
    this.#state = state;
    this.emit('change');
  }
}
