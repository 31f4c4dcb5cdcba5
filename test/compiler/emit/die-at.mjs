// Preloaded into a process (`node --import die-at.mjs?call=7`): ends it by SIGKILL at its n-th call that
// changes something on the disk. With `log=FILE` in place of it, writes down what the calls were.
import fs from 'node:fs';

const given = new URL(import.meta.url).searchParams;
const last = Number(given.get('call') ?? Number.POSITIVE_INFINITY);
const log = given.get('log');
const calls = [];

for (const name of [
  'copyFileSync',
  'fsyncSync',
  'linkSync',
  'mkdirSync',
  'openSync',
  'renameSync',
  'rmSync',
  'rmdirSync',
  'writeFileSync',
  'writeSync',
]) {
  const original = fs[name];
  fs[name] = (...args) => {
    if (name !== 'openSync' || args[1] === 'w') {
      if (calls.length === last) process.kill(process.pid, 'SIGKILL');
      calls.push(name);
    }
    return original(...args);
  };
}
if (log) process.on('exit', () => fs.writeFileSync(log, JSON.stringify(calls)));
