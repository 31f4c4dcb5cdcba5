// Feeds Stepfold's own session what a pipeline fed the package, call by call, and writes what it gives.
//
//   node replay.mjs BUNDLE CALLS.json FOLDER
import fs from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { readNpy, writeNpy } from '../../../dist/src/io/npy.js';
import { findBundle, openBundle } from '../../../dist/src/node.js';

const [bundle, file, folder] = process.argv.slice(2);
const { steps, start, timesteps, calls } = JSON.parse(fs.readFileSync(file, 'utf8'));
const session = await openBundle(findBundle(bundle), {
  steps,
  start,
  timesteps,
  sessionOptions: { graphOptimizationLevel: 'disabled', intraOpNumThreads: 1, logSeverityLevel: 4 },
});
for (const [call, feeds] of calls.entries()) {
  const tensors = Object.entries(feeds).map(([name, at]) => {
    const { type, data, dims } = readNpy(fs.readFileSync(path.join(folder, at)), at);
    return [name, new ort.Tensor(type, data, dims)];
  });
  const [{ data, dims }] = Object.values(await session.run(Object.fromEntries(tensors)));
  fs.writeFileSync(
    path.join(folder, `node-${call}.npy`),
    writeNpy({ type: 'float32', data, dims: [...dims] }),
  );
}
if (session.program !== undefined)
  throw new Error('the pipeline made fewer calls than the loop has');
await session.release();
