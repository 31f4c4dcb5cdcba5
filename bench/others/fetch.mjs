// Brings one file of a wheel into a folder, by the ordinary client and the package's name, if the wheel is the one that was meant.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const PYTHON = process.env.PYTHON ?? 'python3';

const UNPACK = `import sys, zipfile
zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])`;

/**
 * @param {import('./packages.mjs').Package} wanted
 * @param {string} folder kept from run to run
 * @returns the model's file
 */
export function fetchModel({ name, version, sha256, model }, folder) {
  const place = path.join(folder, `${name}-${version}`);
  fs.mkdirSync(place, { recursive: true });
  const wheels = () => fs.readdirSync(place).filter((file) => file.endsWith('.whl'));
  if (wheels().length === 0)
    execFileSync(
      PYTHON,
      ['-m', 'pip', 'download', '--quiet', '--no-deps', '-d', place, `${name}==${version}`],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
  const wheel = path.join(place, wheels()[0]);
  const found = createHash('sha256').update(fs.readFileSync(wheel)).digest('hex');
  if (found !== sha256) throw new Error(`${wheel} has the SHA-256 ${found}, not ${sha256}`);
  execFileSync(PYTHON, ['-c', UNPACK, wheel, model, place]);
  return path.join(place, model);
}
