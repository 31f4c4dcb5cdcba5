// What the command's start costs as the compiler leaves it and as it is packed: processor time and wall time of
// whole processes in turn, medians, and the median of the ratios.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const dist = path.resolve(import.meta.dirname, '../dist');
const MAINS = { built: 'src/cli/main.js', packed: 'lib/cli.js' };
const COMMANDS = [['--version'], ['transform', '--help'], ['passes']];

/** The process prints what it took itself, so that starting it from here does not count. */
const TOLD = `process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  process.stderr.write(JSON.stringify({ cpu: (user + system) / 1e3, wall: performance.now() }) + '\\n');
});`;

function once(main, args) {
  const tell = `data:text/javascript,${encodeURIComponent(TOLD)}`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', tell, path.join(dist, main), ...args],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stderr.trim().split('\n').at(-1));
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

for (const args of COMMANDS) {
  const rounds = Array.from({ length: Number(values.rounds) }, () =>
    Object.fromEntries(Object.entries(MAINS).map(([name, main]) => [name, once(main, args)])),
  );
  for (const what of ['cpu', 'wall']) {
    const of = (name) => median(rounds.map((round) => round[name][what])).toFixed(0);
    const ratio = median(rounds.map(({ built, packed }) => built[what] / packed[what])).toFixed(2);
    console.log(`${args.join(' ')}, ${what}: ${of('built')} → ${of('packed')} ms, ${ratio}x`);
  }
}
