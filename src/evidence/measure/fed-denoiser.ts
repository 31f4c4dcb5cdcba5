/** A denoiser with all that it is fed beside latent and timestep: what is given, and what is made up. */
import type { Tensor } from 'onnxruntime-common';
import {
  type FedDenoiser,
  type Guidance,
  inOrder,
  timestepFeed,
} from '../../runtime/samplers/index.js';
import type { Port } from '../../runtime/schedule/index.js';
import type { DenoiserPorts, LoopDenoiser } from './denoise-bundle.js';
import type { Ort } from './engine.js';
import { concretePort, type Feeds, randomFeeds, requireKnown } from './feeds.js';
import { controlOf, matchControl } from './loop-control.js';
import { forEveryImage, type GivenFeeds, isWritten, tensorOfNumbers } from './loop-given.js';
import {
  type GivenInputs,
  hasRows,
  isOnce,
  rolesOf,
  type SettledLoop,
  settleLoop,
} from './loop-inputs.js';
import { type LoopParts, withEmbeddedGuidance } from './loop-parts.js';
import { portOf } from './loop-sizes.js';
import { imagesOf } from './loop-turns.js';
import { takeRows } from './rows.js';

export interface FedLoop {
  readonly denoiser: FedDenoiser;
  readonly settled: SettledLoop;
}

/**
 * @param ports with room for all images
 * @throws what `settleLoop` and `matchControl` throw, and EMBEDDED_GUIDANCE
 */
export function fedDenoiser(
  ort: Ort,
  denoiser: LoopDenoiser,
  options: GivenInputs & { readonly seed: number; readonly parts?: LoopParts | undefined },
): FedLoop {
  const { parts = {}, seed } = options;
  const roles = rolesOf(denoiser.ports, options);
  const given = {
    ...options,
    feeds: withEmbeddedGuidance(denoiser.ports, roles, options.feeds, parts),
  };
  const control = parts.control && matchControl(denoiser.ports, given, parts.control);
  const ports = withoutInputs(denoiser.ports, Object.values(control?.outputs ?? {}));
  const complete = spread(ort, ports, given);
  const settled = settleLoop(ports, complete);
  const { latent, timestep, dims, bindings } = settled;
  const { beside, feeds, guidance } = fill(ort, settled, complete, seed);
  const timestepPort = portOf(ports.inputs, timestep);
  const behind = { ...timestepPort, shape: timestepPort.shape.slice(1) };
  const latentPort = portOf(ports.inputs, latent);
  return {
    settled,
    denoiser: {
      call: denoiser.call,
      label: denoiser.label,
      latentType: settled.latentType,
      roles: { latent, timestep, output: ports.roles.prediction ?? ports.outputs[0]!.name },
      timestep: timestepFeed(timestepPort, concretePort(behind, bindings)),
      beside,
      ...splitPairs(ort, ports.inputs, latentPort, feeds, guidance),
      bothHalves:
        options.bothHalves === true ||
        typeof latentPort.shape[0] === 'number' ||
        countsHalves(denoiser),
      ...(control && {
        control: controlOf(ort.Tensor as never, parts.control!, control, dims, bindings),
      }),
    },
  };
}

/** What a second model gives is not fed otherwise. */
export const withoutInputs = (
  ports: DenoiserPorts,
  made: readonly { readonly input: string }[],
): DenoiserPorts => ({
  ...ports,
  inputs: ports.inputs.filter(({ name }) => !made.some(({ input }) => input === name)),
});

/** A schedule for two calls a step counts both. */
const countsHalves = ({ calls, ports }: LoopDenoiser): boolean =>
  calls !== undefined && ports.guidance?.mode === 'two-calls';

/** Arrays of one row as often as there are images; also what of them the unconditional half reads. */
function spread<G extends GivenInputs>(ort: Ort, ports: DenoiserPorts, options: G): G {
  const images = imagesOf(ports, options);
  const { latent } = rolesOf(ports, options);
  const latentPort = portOf(ports.inputs, latent);
  const each = (feeds: GivenFeeds): GivenFeeds =>
    Object.fromEntries(
      Object.entries(feeds).map(([name, one]) => {
        const isRow = hasRows(portOf(ports.inputs, name), latentPort);
        const rows = isRow && isOnce(name, latent, options.guidance) ? images : undefined;
        return [name, isWritten(one) ? one : forEveryImage(ort.Tensor as never, one, rows)];
      }),
    );
  const { guidance } = options;
  return {
    ...options,
    feeds: each(options.feeds),
    ...(guidance && { guidance: { ...guidance, unconditional: each(guidance.unconditional) } }),
  };
}

/** What is given, numbers written out as tensors, and what is missing made up. */
function fill(
  ort: Ort,
  settled: SettledLoop,
  { feeds: given, guidance }: GivenInputs,
  seed: number,
): { beside?: Tensor; feeds: Feeds; guidance?: Guidance } {
  const tensors = (feeds: GivenFeeds, sizes: SettledLoop['bindings']): Feeds =>
    Object.fromEntries(
      Object.entries(feeds).map(([name, one]) => [
        name,
        isWritten(one)
          ? tensorOfNumbers(ort.Tensor as never, portOf(settled.inputs, name), one, sizes)
          : one,
      ]),
    );
  requireKnown(settled.missing, settled.bindings);
  const make = (bindings: SettledLoop['bindings']) =>
    randomFeeds(settled.missing, { ort: ort as never, roles: {}, bindings, seed });
  const made = make(settled.bindings);
  const { [settled.latent]: beside, ...feeds } = tensors(given, settled.bindings);
  return {
    ...(beside && { beside }),
    feeds: { ...made, ...feeds },
    ...(guidance && {
      guidance: withMadeUp(
        { ...guidance, unconditional: tensors(guidance.unconditional, settled.otherBindings) },
        made,
        make(settled.otherBindings),
      ),
    }),
  };
}

/** What is made up for both halves is the same, unless one needs it of another size. */
function withMadeUp(guidance: Guidance, made: Feeds, other: Feeds): Guidance {
  const resized = Object.entries(other).filter(
    ([name, { dims }]) => dims.join() !== made[name]!.dims.join(),
  );
  return {
    ...guidance,
    unconditional: { ...Object.fromEntries(resized), ...guidance.unconditional },
  };
}

/** Where one half may run alone: of inputs that hold both halves, the rows of each. */
function splitPairs(
  ort: Ort,
  inputs: readonly Port[],
  latent: Port,
  feeds: Feeds,
  guidance: Guidance | undefined,
): { feeds: Feeds; guidance?: Guidance } {
  if (guidance?.mode !== 'batch' || !guidance.interval)
    return { feeds, ...(guidance && { guidance }) };
  const [own, other] = [{ ...feeds }, { ...(guidance.unconditional as Feeds) }];
  for (const [name, tensor] of Object.entries(feeds)) {
    if (other[name] || !hasRows(portOf(inputs, name), latent)) continue;
    const rows = Array.from({ length: tensor.dims[0]! }, (_, row) => row);
    const middle = rows.length / 2;
    const halves = [rows.slice(0, middle), rows.slice(middle)] as const;
    const [first, second] = halves.map((half) => takeRows(ort.Tensor as never, tensor, half));
    [own[name], other[name]] = inOrder(guidance.order, first!, second!);
  }
  return { feeds: own, guidance: { ...guidance, unconditional: other } };
}
