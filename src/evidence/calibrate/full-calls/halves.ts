/** The images of a search in two halves: on one of them steps are chosen, on the other the choice is judged. */
import type { Tensor, TensorConstructor } from 'onnxruntime-common';
import { fewImagesToJudge } from '../../../errors/index.js';
import type { DenoiserPorts } from '../../measure/denoise-bundle.js';
import { type Feeds, SEEDS } from '../../measure/feeds.js';
import { type GivenFeeds, isWritten } from '../../measure/loop-given.js';
import type { LoopParts } from '../../measure/loop-parts.js';
import { takeRows } from '../../measure/rows.js';
import { type ConditionOptions, type Conditions, completeConditions } from '../conditions.js';

export interface ImageHalf {
  readonly conditions: Conditions;
  readonly seed: number;
  readonly samples: number;
  readonly parts: LoopParts;
}

/** Between the seeds of the two halves: a loop's conditions take those next to that of its noise. */
const SEED_STRIDE = 3;

/**
 * @throws CALIBRATE_SAMPLES, and what `completeConditions` throws
 */
export function imageHalves(
  ports: DenoiserPorts,
  options: ConditionOptions & { readonly parts?: LoopParts },
): readonly [fit: ImageHalf, judged: ImageHalf] {
  // whatever is wrong with all of the images is said of all of them
  const whole = completeConditions(ports, options);
  const { samples, seed, mode } = options;
  const batch = ports.inputs.find(({ name }) => name === ports.roles.latent)!.shape[0]!;
  const unit = typeof batch === 'number' ? (mode === 'batch' ? batch / 2 : batch) : 1;
  if (samples < 2 * unit) throw fewImagesToJudge(samples, 2 * unit);
  const first = Math.ceil(samples / unit / 2) * unit;
  const perImage = new Set(
    ports.inputs.filter(({ shape }) => shape.length > 0 && shape[0] === batch).map((p) => p.name),
  );
  const half = (from: number, to: number, own: number): ImageHalf => {
    // numbers written out, and arrays of one row, are there for every image by now
    const of = (given: GivenFeeds, all: Feeds): Feeds =>
      Object.fromEntries(
        Object.keys(given).map((name) => [
          name,
          perImage.has(name)
            ? rowsOf(options.ort.Tensor, all[name]!, samples, from, to)
            : all[name]!,
        ]),
      );
    const given = {
      ...options,
      samples: to - from,
      seed: own,
      feeds: of(options.feeds, whole.feeds),
      unconditional: of(options.unconditional, whole.unconditional),
    };
    return {
      conditions: completeConditions(ports, given),
      seed: own,
      samples: to - from,
      parts: partsOf(options.ort.Tensor, options.parts ?? {}, samples, from, to),
    };
  };
  return [half(0, first, seed), half(first, samples, (seed + SEED_STRIDE) % SEEDS)];
}

/** What has a row for each image has those of some. */
function partsOf(
  Tensor: TensorConstructor,
  { init, mask, control, ...parts }: LoopParts,
  samples: number,
  from: number,
  to: number,
): LoopParts {
  const rows = Array.from({ length: to - from }, (_, i) => from + i);
  const of = (tensor: Tensor | undefined) =>
    tensor && tensor.dims[0] === samples && samples > 1 ? takeRows(Tensor, tensor, rows) : tensor;
  const feeds = Object.entries(control?.feeds ?? {}).map(([name, one]) => [
    name,
    isWritten(one) ? one : of(one),
  ]);
  return {
    ...parts,
    init: of(init),
    mask: mask && mask.dims.length === init?.dims.length ? of(mask) : mask,
    control: control && { ...control, feeds: Object.fromEntries(feeds) },
  };
}

/** Of an input that holds both halves of guidance pairs, the rows of some images in either half. */
function rowsOf(
  Tensor: TensorConstructor,
  tensor: Tensor,
  samples: number,
  from: number,
  to: number,
): Tensor {
  const copies = tensor.dims[0]! / samples;
  const rows = Array.from({ length: copies }, (_, copy) =>
    Array.from({ length: to - from }, (_, i) => copy * samples + from + i),
  );
  return takeRows(Tensor, tensor, rows.flat());
}
