/** Another denoiser that takes over in the middle of a loop: a refiner, or the expert of the last steps. */
import { handOverNever } from '../../errors/index.js';
import type { Sampler } from '../../runtime/samplers/index.js';
import type { Port } from '../../runtime/schedule/index.js';
import { fixedBatchCall } from './batches.js';
import { fitLoop, type LoopDenoiser } from './denoise-bundle.js';
import type { Ort } from './engine.js';
import { type FedLoop, fedDenoiser } from './fed-denoiser.js';
import { fitShape } from './feeds.js';
import { arraysOf, type GivenFeeds } from './loop-given.js';
import { type GivenInputs, rolesOf } from './loop-inputs.js';
import type { LoopHandOver } from './loop-parts.js';
import { roomFor } from './loop-turns.js';

/** What the first denoiser is given. */
type FirstInputs = GivenInputs & { readonly seed: number };

export interface StartedHandOver {
  /** The first step of the second denoiser, from the first of the loop. */
  readonly step: number;
  /** @param dims of the loop's latents */
  feed(ort: Ort, first: FirstInputs, dims: readonly number[]): FedLoop;
}

/** @throws HAND_OVER_NEVER */
export function startHandOver(
  { ports }: LoopDenoiser,
  then: LoopHandOver,
  { timesteps, firstCall, logSnr }: Sampler,
): StartedHandOver {
  const { from } = then;
  const below = 'timestep' in from ? timesteps.findIndex((t) => t < from.timestep) : undefined;
  // steps are counted over the whole loop, also where it leaves some out
  const step = below ?? (from as { readonly step: number }).step - firstCall;
  if (!Number.isInteger(step) || step < 1 || step >= timesteps.length)
    throw handOverNever(from, firstCall, timesteps);
  return {
    step,
    feed(ort, first, dims) {
      const { denoiser } = then;
      const { latent } = rolesOf(denoiser.ports, then);
      const second = {
        ...denoiser,
        ports: roomFor(denoiser.ports, then, first, dims),
        // a bundle keeps states, which are those of one batch
        call:
          denoiser.calls === undefined
            ? fixedBatchCall(ort.Tensor as never, denoiser.ports.inputs, latent, denoiser.call)
            : denoiser.call,
      };
      const own = timesteps.length - step;
      const feeds = { ...inherited(first.feeds, ports.inputs, second.ports.inputs), ...then.feeds };
      const { guidance } = first;
      const other = guidance && {
        ...inherited(guidance.unconditional, ports.inputs, second.ports.inputs),
        ...then.unconditional,
      };
      const options = {
        feeds,
        latentShape: dims,
        seed: first.seed,
        roles: then.roles,
        bothHalves: first.bothHalves,
        ...(guidance && {
          guidance: {
            ...guidance,
            scale: then.guidanceScale ?? guidance.scale,
            unconditional: Object.fromEntries(
              Object.entries(other!).filter(([name]) => feeds[name] !== undefined),
            ),
          },
        }),
      };
      const places = { timesteps: timesteps.slice(step), logSnr: logSnr.slice(step) };
      fitLoop(second, { all: own, own, start: 0 }, options.guidance, places);
      return fedDenoiser(ort, second, options);
    },
  };
}

/** What the first denoiser is given, as far as the second has inputs of that name, type and shape. */
function inherited(given: GivenFeeds, first: readonly Port[], second: readonly Port[]): GivenFeeds {
  const arrays = arraysOf(given);
  const isTaken = (name: string) => {
    const [from, to] = [first, second].map((ports) => ports.find((port) => port.name === name));
    if (!from || !to || from.type !== to.type || from.shape.length !== to.shape.length)
      return false;
    const free = { ...to, shape: to.shape.map((dim, axis) => (axis === 0 ? null : dim)) };
    return !arrays[name] || fitShape(free, arrays[name].dims, new Map());
  };
  return Object.fromEntries(Object.entries(given).filter(([name]) => isTaken(name)));
}
