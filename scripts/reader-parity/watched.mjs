// Where a session sees that an image begins: calls in random orders, and what becomes of each.

import { Tensor } from 'onnxruntime-node';
import { ImageWatch } from '../../dist/src/runtime/session/image-watch.js';

const RUNS = 1500;

/** Numbers from 0 to 1 that are the same everywhere (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const GUIDANCES = [undefined, 'batch', 'two-calls'];

/** As much of a schedule as is looked at. */
function scheduleOf(calls, mode, roles) {
  const shallow = { runs: [{ model: 'm', reads: { s: 's' } }] };
  return {
    source: {
      inputs: [
        { name: 'x', type: 'float32', shape: ['batch', 'width'] },
        { name: 't', type: 'float64', shape: [1] },
      ],
      roles,
      ...(mode && { guidance: { order: 'cond-first', mode } }),
    },
    programs: { full: { runs: [{ model: 'm' }], pairs: false }, shallow },
    calls: ['full', ...Array(calls - 1).fill('shallow')],
  };
}

/** What a session does: the index of each call in its image, or the code of an error, which ends it. */
function follow(schedule, fed, mode) {
  const watch = new ImageWatch(schedule, mode);
  const seen = [];
  let next = 0;
  for (const { t, size } of fed) {
    const feeds = {
      x: new Tensor('float32', new Float32Array(size[0] * size[1]), size),
      t: new Tensor('float64', Float64Array.of(t), [1]),
    };
    try {
      if (watch.begins(feeds, next)) {
        watch.begin(next, true);
        next = 0;
      }
    } catch (error) {
      return [...seen, error.code];
    }
    if (next === schedule.calls.length) return [...seen, 'SCHEDULE_EXHAUSTED'];
    watch.note(feeds, next);
    seen.push(next);
    next += 1;
  }
  return seen;
}

/** Images one after the other, left early, in turns; samplers that call twice; batches that change. */
export function watchedCalls() {
  const next = random(7);
  const pick = (list) => list[Math.floor(next() * list.length)];
  return Array.from({ length: RUNS }, () => {
    const [steps, guidance] = [2 + Math.floor(next() * 6), pick(GUIDANCES)];
    const perStep = guidance === 'two-calls' ? 2 : 1;
    const roles = pick([
      { latent: 'x', timestep: 't' },
      { latent: 'x', timestep: 't' },
      { timestep: 't' },
      {},
    ]);
    const [scale, mode] = [pick([900, 1, 3, 40]), pick(['timestep', 'timestep', 'error', 'reset'])];
    const rises = next() < 0.15;
    const image = () => {
      const [from, rows] = [pick([0, 0, 1, 2]), pick([1, 2, 4])];
      let step = Math.min(from, steps - 1);
      return () => {
        const part = step / steps;
        const at = {
          t: rises
            ? part
            : scale === 40
              ? Math.round((1 - part) * scale)
              : Math.round((1 - part) * scale * 100) / 100,
          size: [rows, 2],
        };
        if (next() > 0.12) step = (step + 1) % steps;
        else if (next() < 0.3) at.size = [rows * 2, 2];
        return at;
      };
    };
    const images = [image(), image()];
    let own = images[0];
    const fed = [];
    while (fed.length < 14) {
      if (next() < 0.2) own = pick(images);
      if (next() < 0.1) images[0] = image();
      const at = own();
      for (let half = 0; half < perStep; half++)
        fed.push(half === 1 && next() < 0.1 ? { ...at, t: at.t * 0.9 } : at);
    }
    const calls = steps * perStep;
    return {
      schedule: scheduleOf(calls, guidance, roles),
      mode,
      fed,
      seen: follow(scheduleOf(calls, guidance, roles), fed, mode),
    };
  });
}
