// Families of settings from lists of what may differ in them.
import { forecast, guidanceDelta } from '../../dist/passes/index.js';
import { evenSteps } from '../../dist/src/runtime/schedule/index.js';

/** Every choice of one item from each list. */
export const crossed = (...lists) =>
  lists.reduce((all, list) => all.flatMap((tuple) => list.map((item) => [...tuple, item])), [[]]);

export const ORDERS = [0, 1, 2];
export const every = (...intervals) => intervals.map((interval) => ({ interval }));

/** Loops: a solver, how many steps, where they lie. */
export const loopsOf = (samplers, counts, places) =>
  crossed(samplers, counts, places).map(([sampler, steps, place]) => ({
    sampler,
    steps,
    ...(typeof place === 'string' ? { spacing: place } : place),
  }));

/** Solvers that extrapolate by themselves are the first rivals of a forecast. */
export const fewer = (samplers, counts, places) =>
  loopsOf(samplers, counts, places).map((loop) => ({ family: 'fewer steps', loop }));

export const output = (loops, counts, orders) =>
  crossed(loops, counts, orders)
    .filter(([{ steps }, full]) => full < steps)
    .map(([loop, full, order]) => ({
      family: `output, order ${order}`,
      loop,
      passes: [[forecast, { 'full-calls': full, order }]],
    }));

/** By the log-SNR of steps and not by their number, at the spacings where the two differ most. */
export const byNoise = (loops, counts) =>
  crossed(loops, counts).map(([loop, full]) => ({
    family: 'output by log-SNR, order 1',
    loop,
    passes: [[forecast, { 'full-calls': full, order: 1, axis: 'log-snr' }]],
  }));

/** A pass with each of some options and each order. */
export const kept = (name, pass, settings, loops, orders = ORDERS) =>
  crossed(loops, settings, orders).map(([loop, options, order]) => ({
    family: `${name}, order ${order}`,
    loop,
    passes: [[pass, { ...options, order }]],
  }));

/**
 * Deep reuse, or one half of the pair, at some of the calls that the output's forecast leaves, at the others everything.
 * @param withSteps options under which just these steps are full
 */
export const besideOutput = (name, loops, counts, intervals, withSteps) =>
  crossed(loops, counts, intervals).map(([loop, count, interval]) => {
    const computed = evenSteps(loop.steps, count);
    const full = computed.filter((_, i) => i % interval === 0 || i === count - 1);
    return {
      family: `output and ${name}, order 1`,
      loop,
      passes: [withSteps(full), [forecast, { full: computed, order: 1 }]],
    };
  });

/** One half of the pair at calls that run the whole model, of a method that has others. */
export const withGuidance = (name, pass, settings, loops) =>
  crossed(loops, settings).map(([loop, options]) => ({
    family: `guidance-delta and ${name}, order 1`,
    loop,
    passes: [
      [pass, { ...options, order: 1 }],
      [guidanceDelta, { interval: options.interval, order: 1 }],
    ],
  }));
