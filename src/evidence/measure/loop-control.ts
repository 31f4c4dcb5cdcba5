/** A second model beside the denoiser, matched to it: what it reads of the loop, and what of its outputs goes where. */
import type { TensorConstructor } from 'onnxruntime-common';
import {
  controlInputs,
  controlOutputs,
  controlRole,
  feedShape,
  feedType,
} from '../../errors/index.js';
import type { Control } from '../../runtime/samplers/index.js';
import { timestepFeed } from '../../runtime/samplers/index.js';
import type { Port } from '../../runtime/schedule/index.js';
import { fixedBatchCall } from './batches.js';
import type { DenoiserPorts } from './denoise-bundle.js';
import { concretePort, fitShape } from './feeds.js';
import { forEveryImage, isWritten, tensorOfNumbers } from './loop-given.js';
import { type GivenInputs, hasRows, rolesOf } from './loop-inputs.js';
import type { LoopControl } from './loop-parts.js';
import { portOf } from './loop-sizes.js';

export interface MatchedControl {
  readonly roles: { readonly latent: string; readonly timestep: string };
  readonly shared: readonly string[];
  /** By output of the second model. */
  readonly outputs: Control['outputs'];
}

type Given = Pick<GivenInputs, 'feeds' | 'roles'>;

/**
 * How two models fit together. Inputs of one name read the same; outputs go to inputs of their name, else to those of
 * their shape that nothing else is given for, in order.
 * @throws CONTROL_ROLE, CONTROL_INPUTS, CONTROL_OUTPUTS
 */
export function matchControl(
  ports: DenoiserPorts,
  given: Given,
  control: LoopControl,
): MatchedControl {
  const { inputs, outputs, roles: found } = control.model.ports;
  const own = rolesOf(ports, given);
  const names = inputs.map(({ name }) => name);
  const roleOf = (role: 'latent' | 'timestep') => {
    const named = names.includes(own[role]) ? own[role] : undefined;
    const name = control.roles?.[role] ?? named ?? found[role];
    if (name === undefined || !names.includes(name)) throw controlRole(role, own[role], names);
    return name;
  };
  const roles = { latent: roleOf('latent'), timestep: roleOf('timestep') };
  const conditions = ports.inputs.filter(
    ({ name }) => name !== own.latent && name !== own.timestep,
  );
  const others = names.filter((name) => name !== roles.latent && name !== roles.timestep);
  const unfed = others.filter((name) => control.feeds[name] === undefined);
  const shared = unfed.filter((name) => conditions.some((port) => port.name === name));
  const missing = unfed.filter((name) => !shared.includes(name));
  if (missing.length > 0) throw controlInputs(missing.map((name) => portOf(inputs, name)));
  const free = conditions.filter(
    ({ name }) => given.feeds[name] === undefined && !names.includes(name),
  );
  return { roles, shared, outputs: matchOutputs(outputs, free) };
}

/** @throws CONTROL_OUTPUTS */
function matchOutputs(outputs: readonly Port[], free: readonly Port[]): Control['outputs'] {
  const isReal = ({ type }: Port) => type === 'float32' || type === 'float16';
  const fits = (a: Port, b: Port) =>
    isReal(a) &&
    isReal(b) &&
    a.shape.length === b.shape.length &&
    a.shape.every((size, axis) => {
      const other = b.shape[axis];
      return axis === 0 || typeof size !== 'number' || typeof other !== 'number' || size === other;
    });
  const byName = (name: string) => free.find((port) => port.name === name);
  const rest = outputs.filter(({ name }) => !byName(name));
  const left = free.filter(
    (port) =>
      !outputs.some(({ name }) => name === port.name) && rest.some((output) => fits(output, port)),
  );
  const pairs = outputs.map((output) => {
    const port = byName(output.name) ?? left[rest.indexOf(output)];
    return port && fits(output, port) ? ([output, port] as const) : undefined;
  });
  if (left.length !== rest.length || pairs.length === 0 || pairs.includes(undefined))
    throw controlOutputs(outputs, free);
  return Object.fromEntries(
    pairs.map((pair) => {
      const [output, { name, type }] = pair!;
      return [output.name, { input: name, type: type as 'float32' }];
    }),
  );
}

/**
 * @param dims of the loop's latents
 * @param bindings sizes of the denoiser's symbols
 * @throws FEED_UNKNOWN, FEED_TYPE, FEED_SHAPE, FEED_NUMBERS, FEED_SHAPE_UNKNOWN
 */
export function controlOf(
  Tensor: TensorConstructor,
  control: LoopControl,
  matched: MatchedControl,
  dims: readonly number[],
  bindings: ReadonlyMap<string, number>,
): Control {
  const { model, scale, interval } = control;
  const { ports } = model;
  const { latent, timestep } = matched.roles;
  const latentPort = portOf(ports.inputs, latent);
  const [images = 1] = dims;
  // of one name, symbols of both models are the same size
  const sizes = new Map<string, number>();
  const whole = { ...latentPort, shape: [null, ...latentPort.shape.slice(1)] };
  if (!fitShape(whole, dims, sizes)) throw feedShape(latent, dims, latentPort.shape, sizes, false);
  const known = new Map([...bindings, ...sizes]);
  for (const [symbol, size] of [...known, ...ports.bindings])
    if (!sizes.has(symbol)) sizes.set(symbol, size);
  const rows = new Set<string>();
  const feeds = Object.entries(control.feeds).map(([name, one]) => {
    const port = portOf(ports.inputs, name);
    const isRow = hasRows(port, latentPort);
    if (isRow) rows.add(name);
    const shape = isRow ? [images, ...port.shape.slice(1)] : port.shape;
    if (isWritten(one)) return [name, tensorOfNumbers(Tensor, { ...port, shape }, one, sizes)];
    if (one.type !== port.type) throw feedType(name, one.type, port.type);
    const tensor = isRow ? forEveryImage(Tensor, one, images) : one;
    // a picture may be of sizes of its own, which say what their symbols are
    const free = new Map(known);
    if (!fitShape({ ...port, shape }, tensor.dims, free))
      throw feedShape(name, one.dims, shape, free, false);
    return [name, tensor];
  });
  const timestepPort = portOf(ports.inputs, timestep);
  const behind = { ...timestepPort, shape: timestepPort.shape.slice(1) };
  return {
    call: fixedBatchCall(Tensor, ports.inputs, latent, model.call),
    roles: matched.roles,
    latentType: latentPort.type === 'float16' ? 'float16' : 'float32',
    timestep: timestepFeed(timestepPort, concretePort(behind, sizes)),
    shared: matched.shared,
    feeds: Object.fromEntries(feeds),
    rows,
    outputs: matched.outputs,
    scale,
    interval,
  };
}
