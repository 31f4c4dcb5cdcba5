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

/** What a session is of. */
export interface SessionSchedules {
  /** As it was read, which any loop is derived from. */
  readonly written: Schedule;
  /** For the loop that its own image begins with. */
  readonly followed: Schedule;
}

/** Made by `ScheduledSession` and `RemoteSession`. */
export abstract class SessionSurface extends ImageSurface implements DenoiserSession {
  readonly #images = new Set<SessionImage>();
  readonly #host: ImageHost;
  #released: Promise<void> | undefined;

  /** @internal */
  protected constructor(
    { written, followed }: SessionSchedules,
    settings: ImageSettings,
    own: ImageRunner,
    host: ImageHost,
  ) {
    super(followed, settings, () => own, written);
    this.#host = host;
  }

  /** @internal */
  get schedules(): SessionSchedules {
    return { written: this.written, followed: this.schedule };
  }

  image({ from, steps, start, timesteps, logSnr, ...options }: ImageOptions = {}): ImageSurface {
    if (this.#released) throw this.refusal();
    // before anything is opened that would have to be closed again
    const request = { steps, start, timesteps, logSnr };
    const followed = asksForLoop(request) ? scheduleFor(this.written, request) : this.schedule;
    if (from !== undefined) checkSaved(from, followed);
    const image = this.imageOn(followed, options);
    if (from !== undefined) image.restore(from);
    return image;
  }

  /**
   * An image that follows another schedule over the same programs.
   * @throws StepfoldError GUIDANCE_BRANCHES
   * @internal
   */
  imageOn(followed: Schedule, options: ImageSettings): ImageSurface {
    const settings = { ...this.settings, ...options };
    const image = new SessionImage(followed, this.written, this.#host, settings, {
      isReleased: () => this.#released !== undefined,
      forget: () => this.#images.delete(image),
    });
    this.#images.add(image);
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
