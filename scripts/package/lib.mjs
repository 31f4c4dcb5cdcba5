/** Makes dist/lib, which is what is packed, of what the compiler left in dist. */
import fs from 'node:fs';
import path from 'node:path';
import { bundle } from './bundle.mjs';
import { pruneTypes } from './types.mjs';

const ENTRIES = {
  index: 'src/index',
  passes: 'passes/index',
  runtime: 'src/runtime',
  report: 'src/report',
  node: 'src/node',
};
const COMMAND = { cli: 'src/cli/main', worker: 'src/runtime/node/worker' };

/** @param {string} dist */
export async function makeLib(dist) {
  const lib = path.join(dist, 'lib');
  // chunks of another build would be packed too
  fs.rmSync(lib, { recursive: true, force: true });
  const withEnd = (entries, end) =>
    Object.entries(entries).map(([name, file]) => [name, path.join(dist, `${file}${end}`)]);
  await bundle(Object.fromEntries(withEnd({ ...ENTRIES, ...COMMAND }, '.js')), lib);
  const types = withEnd(ENTRIES, '.d.ts').map(([, file]) => file);
  pruneTypes(types, dist, path.join(lib, 'types'));
}
