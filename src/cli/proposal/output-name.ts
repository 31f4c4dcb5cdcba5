/** Names for what a command is to write, made of the model's, where nothing of that name is. */
import fs from 'node:fs';
import path from 'node:path';

/** What says nothing of a model, as the folders of pipelines have it. */
const PLAIN = /^(model|unet|transformer|denoiser)$/;

/** The name by which people know a model: its file's, or that of the folder around it. */
export function modelName(given: string): string {
  const parts = path.resolve(given).split(path.sep).filter(Boolean);
  const names = parts.map((part) => part.replace(/\.onnx$/, '')).reverse();
  return names.find((name) => !PLAIN.test(name)) ?? 'model';
}

/** `NAME-what`, or with a number behind it where that is taken; in the current folder. */
export function outputName(given: string, what: string): string {
  return freeName(`${modelName(given)}-${what}`);
}

/** That name, or with a number behind it where there is something. */
export function freeName(name: string): string {
  const { dir, name: stem, ext } = path.parse(name);
  for (let n = 1; ; n++) {
    const free = n === 1 ? name : path.join(dir, `${stem}-${n}${ext}`);
    if (!fs.existsSync(free)) return free;
  }
}
