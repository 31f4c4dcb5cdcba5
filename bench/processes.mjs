// What whole processes cost: wall time, and peak memory from the kernel's accounting of the child.
import { spawnSync } from 'node:child_process';
import { median } from '../scripts/demo/common.mjs';

export const ROUNDS = 5;

const report = `process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS))`;
const preload = `data:text/javascript,${encodeURIComponent(report)}`;

const pythonReport = `import atexit, resource, sys
atexit.register(lambda: sys.stderr.write('peak %d' % resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
`;

/** Runs node with arguments. */
export const measureProcess = (args, options) =>
  measure(process.execPath, ['--import', preload, ...args], options);

/** Runs a Python program, given as text, with arguments. */
export const measurePython = (python, program, args = [], options = {}) =>
  measure(python, ['-c', pythonReport + program, ...args], options);

function measure(command, args, options = {}) {
  const start = performance.now();
  const { status, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    ...options,
  });
  const seconds = (performance.now() - start) / 1000;
  if (error) throw error;
  if (status !== 0) throw new Error(reasonIn(stderr) ?? `it ended with ${status}`);
  return { seconds, megabytes: Number(/peak (\d+)/.exec(stderr)?.[1] ?? Number.NaN) / 1024 };
}

/** The line that says why, among traces. */
const reasonIn = (stderr) =>
  stderr
    .split('\n')
    .map((line) => line.replace(/peak \d+$/, '').trim())
    .findLast((line) => /^\w*(Error|Exception)\b/.test(line));

/**
 * Things in turn, so that a machine that slows down slows all of them; medians, printed. What fails is
 * said to fail, and not tried again.
 */
export function measureInTurn(things, rounds = ROUNDS) {
  const runs = Object.fromEntries(Object.keys(things).map((key) => [key, []]));
  const failed = {};
  for (let round = 0; round < rounds; round++)
    for (const [key, run] of Object.entries(things)) {
      if (failed[key]) continue;
      try {
        runs[key].push(run());
      } catch (error) {
        failed[key] = error.message;
      }
    }
  const results = Object.fromEntries(
    Object.entries(runs).map(([key, list]) => [
      key,
      failed[key] !== undefined
        ? { failed: failed[key] }
        : {
            seconds: median(list.map((r) => r.seconds)),
            megabytes: median(list.map((r) => r.megabytes)),
          },
    ]),
  );
  for (const [key, r] of Object.entries(results))
    console.log(
      r.failed === undefined
        ? `${key.padEnd(44)}${r.seconds.toFixed(2).padStart(8)} s${r.megabytes.toFixed(0).padStart(8)} MB at most`
        : `${key.padEnd(44)}  failed: ${r.failed}`,
    );
  return results;
}
