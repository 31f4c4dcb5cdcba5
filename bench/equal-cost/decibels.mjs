// Decibels of pictures, one by one and pooled.

/** Of pixels in [-1, 1], of each picture. */
export function psnrs(latent, wanted, images) {
  const clamp = (v) => Math.min(1, Math.max(-1, v));
  const size = latent.length / images;
  return Array.from({ length: images }, (_, i) => {
    let error = 0;
    for (let at = i * size; at < (i + 1) * size; at++)
      error += (clamp(latent[at]) - clamp(wanted[at])) ** 2;
    return 10 * Math.log10((4 * size) / Math.max(error, 1e-12));
  });
}

export const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Decibels of the mean of what the pictures' decibels are of: a few that went wrong decide it. */
export const pooled = (psnr) => -10 * Math.log10(mean(psnr.map((v) => 10 ** (-v / 10))));

export const rounded = (psnr) => psnr.map((v) => Math.round(10 * v) / 10);
