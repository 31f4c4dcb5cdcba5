/**
 * `npm ci` runs no install script of onnxruntime-node, which would fetch CUDA libraries. npm 11 is told so by `allowScripts`;
 * npm 10 knows no such field, but of packages in a lock file it runs only the scripts that the file says they have, so that
 * the file must not say it of this one. A setting in .npmrc would say it to the script itself, and npm 11 warns of every
 * setting that is not its own, at every command.
 */
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../cli/stepfold.js';

const read = (file: string) => JSON.parse(fs.readFileSync(path.join(ROOT, file), 'utf8'));

test('no npm is told to run the install script of onnxruntime-node', () => {
  const { packages } = read('package-lock.json');
  const entry = packages['node_modules/onnxruntime-node'];
  expect(entry.version).toBeDefined();
  // `npm install` may have put it back: take the line out of package-lock.json again
  expect(entry).not.toHaveProperty('hasInstallScript');
  expect(read('package.json').allowScripts['onnxruntime-node']).toBe(false);
});

test('no setting that npm warns of', () => {
  expect(fs.existsSync(path.join(ROOT, '.npmrc'))).toBe(false);
});
