/** Latents as grey pictures. */

/** @param latent [size, size], -1 black to 1 white */
export function drawLatent(canvas: HTMLCanvasElement, latent: Float32Array, size: number): void {
  canvas.width = size;
  canvas.height = size;
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(size, size);
  latent.forEach((value, i) => {
    image.data.fill(Math.round(127.5 * (Math.min(1, Math.max(-1, value)) + 1)), 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  });
  context.putImageData(image, 0, 0);
}

/** Decibels between two pictures in [-1, 1]; Infinity where nothing differs. */
export function psnr(a: Float32Array, b: Float32Array): number {
  const clamp = (v: number) => Math.min(1, Math.max(-1, v));
  const squares = a.reduce((sum, v, i) => sum + (clamp(v) - clamp(b[i]!)) ** 2, 0);
  return 10 * Math.log10((4 * a.length) / squares);
}
