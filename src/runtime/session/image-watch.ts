/**
 * Where one image ends and the next begins, told from what the calls are fed: within an image the timestep
 * goes one way and the latent keeps its size. What tells two images apart starts the schedule anew; what
 * could be either, or two images in turns, is refused: a call that reads another image's states is wrong in
 * a way that nobody sees. Looks at one small tensor and some sizes a call. docs/decisions/0023 has the rules
 * and their reasons.
 */

import type { InferenceSession } from 'onnxruntime-common';
import { guidanceTurns, imagesMixed, newImageBegun } from '../../errors/index.js';
import type { Schedule } from '../../generated/schedule.js';
import { type CallSequence, callsOf } from '../schedule/calls.js';
import { callsPerStep } from '../schedule/guidance.js';
import { needsPairs } from '../schedule/pairs.js';
import type { NewImage } from './denoiser.js';
import { readTimestep, type Timestep } from './timestep.js';
import { nothingSeen, type Seen, type WatchMemory } from './watch-memory.js';

/** Timesteps that are whole numbers may be rounded to one where they lie closer than this. */
const ROUNDED = 2;

/** A loop whose timesteps rise begins at most here; one that falls begins above. */
const NOISE_END = 0.05;

/** How a call stands to the one before it, by the timestep or by sizes. */
type Course = 'on' | 'new' | 'unclear' | 'unknown';

export class ImageWatch {
  #memory = nothingSeen(false);
  readonly #calls: CallSequence;

  constructor(
    private readonly schedule: Schedule,
    private readonly mode: NewImage,
  ) {
    this.#calls = callsOf(schedule);
  }

  /**
   * Does this call, `next` calls after the image began, begin another? Changes nothing.
   * @throws StepfoldError SESSION_NEW_IMAGE, SESSION_IMAGES_MIXED, GUIDANCE_TURNS
   */
  begins(feeds: InferenceSession.FeedsType, next: number): boolean {
    if (next === 0 || this.mode === 'reset' || !this.#memory.last) return false;
    const now = this.#look(feeds);
    const course = this.#course(now, next);
    const change = () => ({
      call: next,
      resized: this.#courseOfSizes(now, next) !== 'on',
      before: this.#memory.last?.timestep?.largest,
      now: now.timestep?.largest,
    });
    if (course === 'unclear') throw imagesMixed(change());
    if (course === 'new' && this.mode === 'error') throw newImageBegun(change());
    return course === 'new';
  }

  /** Is the batch smaller than it was in this image: is guidance off? */
  isReduced(batch: number): boolean {
    return batch < this.#memory.largestBatch;
  }

  /** Is the batch larger than one that an earlier call took for pairs: was guidance off there? */
  isGrown(batch: number): boolean {
    return batch > (this.#memory.smallestPairs ?? Number.POSITIVE_INFINITY);
  }

  /** Takes note of a call that ended well. */
  note(feeds: InferenceSession.FeedsType, call: number): void {
    const now = this.#look(feeds);
    const memory = this.#memory;
    const batch = now.sizes[0]?.[0] ?? 0;
    memory.largestBatch = Math.max(memory.largestBatch, batch);
    if (needsPairs(this.schedule, this.#calls.programAt(call)!))
      memory.smallestPairs = Math.min(memory.smallestPairs ?? batch, batch);
    if (this.mode === 'reset') return;
    if (call > 0 && this.#turnsUp(now)) memory.rises = true;
    const [before, is] = [memory.last?.timestep?.largest, now.timestep?.largest];
    if (call > 0 && before !== undefined && is !== undefined) {
      if (is !== before) [memory.stride, memory.reached] = [Math.abs(is - before), call];
      else if (call === this.#perStep) memory.repeatsFirst = true;
      else if (call === 2 * this.#perStep) memory.repeats = true;
    }
    memory.first = call === 0 ? now : memory.first;
    memory.last = now;
    memory.lastOfKind[call % this.#perStep] = now;
    if (memory.left && call >= memory.left.calls) memory.left = undefined;
  }

  /** The next call is the first of an image. @param calls so many were made of the one before */
  begin(calls: number, bySession: boolean): void {
    const { first, last, reached, rises } = this.#memory;
    const isLeft = bySession && calls < this.#calls.length && first && last;
    this.#memory = nothingSeen(rises, isLeft ? { first, last, calls, reached } : undefined);
  }

  save(): WatchMemory {
    return structuredClone(this.#memory);
  }

  restore(memory: WatchMemory): void {
    this.#memory = structuredClone(memory);
  }

  get #perStep(): number {
    return callsPerStep(this.schedule.source.guidance);
  }

  #look(feeds: InferenceSession.FeedsType): Seen {
    const { inputs, roles } = this.schedule.source;
    const sized = inputs.filter(({ name }) => name === (roles?.latent ?? name));
    return {
      timestep:
        this.mode === 'reset' || roles?.timestep === undefined
          ? undefined
          : readTimestep(feeds[roles.timestep]),
      sizes: sized.map(({ name, shape }) => {
        const { dims = [] } = feeds[name] as { dims?: readonly number[] };
        return dims.map((size, axis) => {
          const fixed = shape[axis];
          return typeof fixed === 'number' ? fixed : size;
        });
      }),
    };
  }

  #course(now: Seen, next: number): Course {
    const time = this.#courseOfTime(now, next);
    const sizes = this.#courseOfSizes(now, next);
    // guidance off, or on, makes half the batch or twice, between two steps of one image
    if (sizes === 'unclear') {
      if (time === 'unknown') return this.schedule.source.guidance ? 'unclear' : 'new';
      const isDoubtful = time === 'unclear' || this.#memory.stride === undefined;
      return isDoubtful && this.#isRepeated(now) ? 'new' : time;
    }
    if (sizes === 'new') return 'new';
    return time === 'unknown' ? 'on' : time;
  }

  #courseOfTime(seen: Seen, next: number): Course {
    const { timestep } = seen;
    const [first, last] = [this.#memory.first?.timestep, this.#memory.last?.timestep];
    if (!timestep || !first || !last) return 'unknown';
    const noise = (of: Timestep) =>
      this.#memory.rises || this.#turnsUp(seen) ? -of.smallest : of.largest;
    const [now, before, start] = [noise(timestep), noise(last), noise(first)];
    const finished = next === this.#calls.length;
    if (finished) return now > before || now >= start ? 'new' : 'on';
    if (now > before) return now >= start ? 'new' : 'unclear';
    const isPartner = next % this.#perStep === 1;
    if (isPartner) {
      if (now < before && needsPairs(this.schedule, this.#calls.programAt(next)!))
        throw guidanceTurns(next, last.largest, timestep.largest);
      return 'on';
    }
    if (now === before) return this.#mayRepeat(now, next / this.#perStep) ? 'on' : 'unclear';
    // the first timestep twice and then another: nobody but two images in turns
    if (this.#memory.repeatsFirst) return 'unclear';
    return this.#goesOnWithTheOneLeft(seen, noise, next) ? 'unclear' : 'on';
  }

  /**
   * Samplers that evaluate twice in a step do so at the end of the step too, which is where the next begins:
   * Heun's method at t0, t1, t1, t2, t2, …, pseudo-linear multistep at t1 alone; none at t0. One timestep all
   * the time is somebody who measures or compares.
   */
  #mayRepeat(timestep: number, step: number): boolean {
    if (this.#memory.stride === undefined) return true;
    if (step % 2 === 0 && (step === 2 || this.#memory.repeats)) return true;
    return Number.isInteger(timestep) && this.#memory.stride <= ROUNDED;
  }

  /**
   * Has a new image come further down than the one that it interrupted, in fewer calls? Then it is that
   * one which goes on. One that began noisier needs a call more.
   */
  #goesOnWithTheOneLeft(now: Seen, noise: (of: Timestep) => number, next: number): boolean {
    const [left, first] = [this.#memory.left, this.#memory.first?.timestep];
    if (!left?.first.timestep || !left.last.timestep || !first || !now.timestep) return false;
    if (compareSizes(left.last, now) === 'others') return false;
    const later = noise(first) > noise(left.first.timestep) ? 1 : 0;
    const [is, was] = [noise(now.timestep), noise(left.last.timestep)];
    return is < was ? next < left.calls + later : is === was && next < left.reached + later;
  }

  /** Does the first timestep that differs show that those of this loop rise? */
  #turnsUp({ timestep }: Pick<Seen, 'timestep'>): boolean {
    const first = this.#memory.first?.timestep;
    if (!timestep || !first || this.#memory.stride !== undefined) return false;
    return first.largest <= NOISE_END && timestep.smallest > first.largest;
  }

  #isRepeated({ timestep }: Seen): boolean {
    return timestep?.largest === this.#memory.last?.timestep?.largest;
  }

  #courseOfSizes(now: Seen, next: number): Course {
    const isLatent = this.schedule.source.roles?.latent !== undefined;
    const before = isLatent ? this.#memory.last : this.#memory.lastOfKind[next % this.#perStep];
    const difference = before ? compareSizes(before, now) : 'none';
    if (difference === 'none') return 'on';
    return isLatent && difference === 'paired' ? 'unclear' : 'new';
  }
}

/** `paired` where the batch alone is twice what it was, or half. */
function compareSizes(before: Seen, now: Seen): 'none' | 'paired' | 'others' {
  if (JSON.stringify(before.sizes) === JSON.stringify(now.sizes)) return 'none';
  const [[was = 0, ...others] = []] = before.sizes;
  const [[is = 0, ...rest] = []] = now.sizes;
  const isPaired = (is === 2 * was || was === 2 * is) && others.join() === rest.join();
  return isPaired ? 'paired' : 'others';
}
