/**
 * What every sampler is to a loop: a fixed list of timesteps and a pure step from one noise level to the next.
 *
 * A sampler holds no state. What a step must remember travels in the `Trajectory`, so that one sampler
 * serves many images and a trajectory can be continued in two ways from any step (calibration does).
 * Each step needs exactly one evaluation of the denoiser. Numbers are float32, computed in float64.
 */

/** Where a denoising stands: immutable, made by `start` and `step`. */
export interface Trajectory {
  /** In the sampler's own scale: see `scaleInput`. */
  readonly latent: Float32Array;
  /** What was predicted at the steps before, the last first, where the sampler uses it. */
  readonly history?: readonly Float32Array[];
  /** The latent that the last step started from, where the sampler corrects that step. */
  readonly origin?: Float32Array;
}

export interface Sampler {
  /** Where each step is in the training timesteps, the noisiest first; as many as there are calls. */
  readonly timesteps: readonly number[];
  /** What to tell the denoiser there: the timesteps, unless `timestepScale` says otherwise. */
  readonly told: readonly number[];
  /** Logarithm of signal over noise, in variance, at each of them. */
  readonly logSnr: readonly number[];
  /** Calls of the whole loop before the first one here, which `start` of the options leaves out. */
  readonly firstCall: number;
  /** Standard deviation of the initial latent, where it is noise alone. */
  readonly initialScale: number;
  /** Whether `step` draws fresh noise. */
  readonly needsNoise: boolean;
  /**
   * The trajectory before step 0: from noise alone, or from a clean latent that it covers in part.
   *
   * @param noise standard normal
   * @param clean needed where steps are left out at the beginning
   * @throws SAMPLER_CLEAN_MISSING, SAMPLER_LATENT_LENGTH
   */
  start(noise: Float32Array, clean?: Float32Array): Trajectory;
  /**
   * A clean latent with as much noise as there is before a step, in the sampler's own scale.
   *
   * @param step from 0 to as many as there are, which is where the loop ends
   * @throws SAMPLER_STEP_RANGE, SAMPLER_LATENT_LENGTH
   */
  noised(clean: Float32Array, noise: Float32Array, step: number): Float32Array;
  /** The latent as the denoiser expects it, on its own noise path; the latent itself unless it is scaled. */
  scaleInput(latent: Float32Array, step: number): Float32Array;
  /**
   * One step down, from the denoiser's output at `timesteps[step]`.
   *
   * @param modelOutput as long as the latent
   * @param noise gives standard normal numbers, as many as the latent has; needed if `needsNoise`
   * @throws SAMPLER_STEP_RANGE, SAMPLER_LATENT_LENGTH, SAMPLER_NOISE_MISSING
   */
  step(
    modelOutput: Float32Array,
    step: number,
    trajectory: Trajectory,
    noise?: () => Float32Array,
  ): Trajectory;
}
