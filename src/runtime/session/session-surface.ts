/** What a session in this thread and one in a worker have in common: images over the models that it holds. */
import { imageReleased, sessionReleased } from '../../errors/index.js';
import type { Schedule } from '../../generated/schedule.js';
import { asksForLoop, scheduleFor } from '../schedule/loop/index.js';
import { checkSaved } from './check-saved.js';
import type { DenoiserSession, ImageOptions, ImageSettings } from './denoiser.js';
import { type ImageRunner, ImageSurface } from './image-surface.js';

/** Where images are opened, and what is freed behind the last of them. */
export interface ImageHost {
  open(schedule: Schedule, settings: ImageSettings): ImageRunner;
  close(): void | Promise<void>;
}

/** Made by `ScheduledSession` and `RemoteSession`. */
export abstract class SessionSurface extends ImageSurface implements DenoiserSession {
  readonly #images = new Set<SessionImage>();
  readonly #host: ImageHost;
  #released: Promise<void> | undefined;

  /** @internal */
  protected constructor(
    schedule: Schedule,
    settings: ImageSettings,
    own: ImageRunner,
    host: ImageHost,
  ) {
    super(schedule, settings, () => own);
    this.#host = host;
  }

  image({ from, steps, start, timesteps, logSnr, ...options }: ImageOptions = {}): ImageSurface {
    if (this.#released) throw this.refusal();
    const settings = { ...this.settings, ...options };
    // before anything is opened that would have to be closed again
    const request = { steps, start, timesteps, logSnr };
    const followed = asksForLoop(request) ? scheduleFor(this.written, request) : this.schedule;
    if (from !== undefined) checkSaved(from, followed);
    const image = new SessionImage(followed, this.written, this.#host, settings, {
      isReleased: () => this.#released !== undefined,
      forget: () => this.#images.delete(image),
    });
    this.#images.add(image);
    if (from !== undefined) image.restore(from);
    return image;
  }

  /** @internal */
  protected override refusal(): Error {
    return sessionReleased();
  }

  override release(): Promise<void> {
    this.#released ??= this.#close();
    return this.#released;
  }

  async #close(): Promise<void> {
    const images = [...this.#images].map((image) => image.release());
    await Promise.all([...images, super.release()]);
    await this.#host.close();
  }
}

/** What an image knows of its session. */
interface Owner {
  isReleased(): boolean;
  forget(): void;
}

class SessionImage extends ImageSurface {
  constructor(
    schedule: Schedule,
    written: Schedule,
    host: ImageHost,
    settings: ImageSettings,
    private readonly owner: Owner,
  ) {
    super(schedule, settings, () => host.open(schedule, settings), written);
  }

  protected override refusal(): Error {
    return this.owner.isReleased() ? sessionReleased() : imageReleased();
  }

  override async release(): Promise<void> {
    await super.release();
    this.owner.forget();
  }
}
