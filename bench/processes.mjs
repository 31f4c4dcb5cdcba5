// What whole processes cost: wall time, and peak memory from the kernel's accounting of the child.
import { spawnSync } from 'node:child_process';
import { median } from '../scripts/demo/common.mjs';

export const ROUNDS = 5;

const report = `process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS))`;
const preload = `data:text/javascript,${encodeURIComponent(report)}`;

/** Runs node with arguments. */
export function measureProcess(args) {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--import', preload, ...args], {
    encoding: 'utf8',
  });
  const seconds = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(stderr);
  return { seconds, megabytes: Number(/peak (\d+)/.exec(stderr)?.[1] ?? Number.NaN) / 1024 };
}

/** Things in turn, so that a machine that slows down slows all of them; medians, printed. */
export function measureInTurn(things) {
  const runs = Object.fromEntries(Object.keys(things).map((key) => [key, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const [key, run] of Object.entries(things)) runs[key].push(run());
  const results = Object.fromEntries(
    Object.entries(runs).map(([key, list]) => [
      key,
      {
        seconds: median(list.map((r) => r.seconds)),
        megabytes: median(list.map((r) => r.megabytes)),
      },
    ]),
  );
  for (const [key, r] of Object.entries(results))
    console.log(
      `${key.padEnd(34)}${r.seconds.toFixed(2).padStart(8)} s${r.megabytes.toFixed(0).padStart(8)} MB at most`,
    );
  return results;
}
