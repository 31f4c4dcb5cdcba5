/** What can be asked of an export, and that it fits the form of the bundle. */
import { tritonOption } from '../../../errors/index.js';
import type { WeightsMode } from '../../emit/modes.js';

export const DEFAULTS = { sequences: 4, idle: 60, maxBatch: 4 } as const;

export interface TritonOptions {
  /** Folder of the bundle, or of its pipeline. */
  readonly bundle: string;
  /** Folder of the repository, which is made where it is not there; other models in it stay as they are. */
  readonly repository: string;
  /** Of the model; by default that of the bundle's folder. */
  readonly name?: string | undefined;
  /** How its weights get there: as `transform` has them (default `link`). */
  readonly weights?: WeightsMode | undefined;
  /** Of the form `stateful`: images under way at a time (4). */
  readonly sequences?: number | undefined;
  /** Of the form `stateful`: seconds between requests behind which an image is given up (60). */
  readonly idle?: number | undefined;
  /** Of the form `loop`: images that requests are joined to (4). */
  readonly maxBatch?: number | undefined;
  /** Of the form `loop`: whether Triton makes an image of zeros before it serves the model (true). */
  readonly warmUp?: boolean | undefined;
  /** Sizes of that image, by symbol; by default those that the costs of the bundle are of. */
  readonly sizes?: Readonly<Record<string, number>> | undefined;
}

/** @throws TRITON_OPTION where it is given */
export function refuse(given: unknown, option: string, what: string, why: string): void {
  if (given !== undefined) throw tritonOption(option, what, why);
}
