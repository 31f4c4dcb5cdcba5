// What installing costs: the package's size and files, held to a budget, and how long npm takes to install it
// into an empty project, which is printed only.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { install, pack } from './install.mjs';

const MOST_BYTES = 2_200_000;
const MOST_FILES = 500;

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-package-'));
try {
  const { tarball, files, size, unpackedSize } = pack(scratch, { scripts: true });
  const sum = (end) =>
    files.filter(({ path: file }) => file.endsWith(end)).reduce((all, file) => all + file.size, 0);
  const mega = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
  console.log(`${files.length} files, ${mega(unpackedSize)}, packed ${mega(size)}`);
  console.log(`of which JavaScript ${mega(sum('.js'))}, declarations ${mega(sum('.d.ts'))}`);

  const project = path.join(scratch, 'project');
  fs.mkdirSync(project);
  const began = performance.now();
  install(project, tarball);
  const seconds = (performance.now() - began) / 1000;
  const installed = contents(path.join(project, 'node_modules'));
  console.log(
    `installed into an empty project in ${seconds.toFixed(1)} s, with its dependencies ${installed.length} files, ${mega(installed.reduce((all, bytes) => all + bytes, 0))}`,
  );

  const excess = [
    ...(unpackedSize > MOST_BYTES ? [`more than ${mega(MOST_BYTES)}`] : []),
    ...(files.length > MOST_FILES ? [`more than ${MOST_FILES} files`] : []),
  ];
  if (excess.length > 0) {
    console.error(`The package is too large: ${excess.join(', ')}.`);
    process.exitCode = 1;
  }
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}

/** Sizes of all files below. */
function contents(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => fs.statSync(path.join(entry.parentPath, entry.name)).size);
}
