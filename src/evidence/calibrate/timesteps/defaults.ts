/** What a search for timesteps does where nothing else is said; apart, since the command's help shows it. */

/** Steps of the loop to compare with. */
export const REFERENCE_STEPS = 100;
/** Images to make and compare. */
export const SAMPLES = 8;
