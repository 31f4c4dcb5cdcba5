/**
 * Images under way: so many at a time, a queue of so many behind them, and a place for what each will leave.
 * A place is taken when an image is accepted, so that nothing is made that there is no room for, and given back
 * when its result was fetched, it was cancelled, or nobody came for it in time.
 */
import { Image, type Make } from './image.js';
import { Problem } from './problem.js';
import type { ImageRequest } from './request.js';

export interface PoolLimits {
  /** Images at a time. */
  readonly images: number;
  /** Images that wait for their turn. */
  readonly queue: number;
  /** Images in all: waiting, under way, and such as nobody has fetched yet. */
  readonly places: number;
  /** How long a result is kept for whoever asked for it. */
  readonly keepMilliseconds: number;
}

export class Pool {
  /** In the order in which they came. */
  readonly #images = new Map<string, Image>();
  readonly #queue: Image[] = [];
  /** In the engine; a cancelled one until its call has ended. */
  readonly #running = new Set<Image>();
  readonly #expiries = new Map<Image, NodeJS.Timeout>();
  #stopping = false;
  #idle: (() => void) | undefined;
  /** Of an image, averaged over the last few. */
  #seconds = 1;

  constructor(
    private readonly limits: PoolLimits,
    private readonly make: Make,
  ) {}

  get isStopping(): boolean {
    return this.#stopping;
  }

  get figures() {
    const { images, queue, places } = this.limits;
    return {
      queue: { length: this.#queue.length, limit: queue },
      inFlight: { images: this.#running.size, limit: images },
      places: { taken: this.#images.size, limit: places },
    };
  }

  find(id: string): Image | undefined {
    return this.#images.get(id);
  }

  /** @throws Problem with status 429 or 503 */
  requireRoom(): void {
    if (this.#stopping) throw stopping();
    const isFree = this.#running.size < this.limits.images && this.#queue.length === 0;
    if (!isFree && this.#queue.length >= this.limits.queue)
      throw this.#full('QUEUE_FULL', `${this.limits.queue} images are waiting already.`);
    if (this.#images.size >= this.limits.places)
      throw this.#full('PLACES_TAKEN', `Nobody has fetched ${this.limits.places} earlier images.`);
  }

  /** @throws what `requireRoom` throws */
  submit(request: ImageRequest): Image {
    this.requireRoom();
    const image = new Image(request);
    this.#images.set(image.id, image);
    this.#queue.push(image);
    image.on('change', () => {
      if (image.isOver) this.#expire(image);
    });
    this.#next();
    return image;
  }

  /** Forgets an image, in whatever state it is. */
  drop(image: Image): void {
    image.cancel();
    clearTimeout(this.#expiries.get(image));
    this.#expiries.delete(image);
    this.#images.delete(image.id);
    const at = this.#queue.indexOf(image);
    if (at >= 0) this.#queue.splice(at, 1);
    this.#settle();
  }

  /**
   * Takes nothing new. Resolves when all images ended and were fetched, or after the time given, when what is
   * left was cancelled; in any case when nothing runs any more.
   */
  async stop(graceMilliseconds: number): Promise<void> {
    this.#stopping = true;
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    this.#settle();
    const timer = setTimeout(() => {
      for (const image of [...this.#images.values()]) this.drop(image);
    }, graceMilliseconds);
    await idle;
    clearTimeout(timer);
  }

  #next(): void {
    while (this.#running.size < this.limits.images) {
      const image = this.#queue.shift();
      if (!image) return;
      void this.#run(image);
    }
  }

  async #run(image: Image): Promise<void> {
    this.#running.add(image);
    const start = performance.now();
    await image.run(this.make);
    if (image.state === 'done')
      this.#seconds = 0.8 * this.#seconds + 0.2 * ((performance.now() - start) / 1000);
    this.#running.delete(image);
    this.#next();
    this.#settle();
  }

  #expire(image: Image): void {
    if (!this.#images.has(image.id)) return;
    const timer = setTimeout(() => this.drop(image), this.limits.keepMilliseconds);
    timer.unref();
    this.#expiries.set(image, timer);
  }

  #settle(): void {
    if (this.#stopping && this.#images.size === 0 && this.#running.size === 0) this.#idle?.();
  }

  /** A place is free when one of those under way has ended, or one that nobody fetched has expired. */
  #full(code: string, message: string): Problem {
    const [oldest] = this.#expiries.keys();
    const now = performance.now();
    const seconds =
      code === 'QUEUE_FULL' || !oldest
        ? this.#seconds / this.limits.images
        : (oldest.endedAt! + this.limits.keepMilliseconds - now) / 1000;
    return new Problem(
      429,
      { code, message, hint: 'Ask again after the seconds in Retry-After.' },
      Math.max(1, Math.ceil(seconds)),
    );
  }
}

export const stopping = (): Problem =>
  new Problem(503, {
    code: 'STOPPING',
    message: 'The server is about to stop and takes no more images.',
    hint: 'Ask another one.',
  });
