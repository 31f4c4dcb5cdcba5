// Feeds Stepfold damaged models, schedules, plans, arrays and texts, and checks that it holds: no crash, no
// hang, no runaway memory, nothing written beside the output, and every refusal one coded message.
// docs/robustness.md says more.
//
//   npm run fuzz -- [--seconds 60] [--inputs N] [--seed 1] [--class messages] [--index 12] [--keep folder]
import { fork, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CLASSES, COMMANDS, prepareBundles } from '../test/fuzz/classes.mjs';
import { ROOT } from '../test/fuzz/corpus.mjs';
import { createChoices } from '../test/fuzz/random.mjs';

const { values: args } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    /** Stop after so many, whatever the time. */
    inputs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    class: { type: 'string' },
    /** With --class: this input and no other. */
    index: { type: 'string' },
    /** One input in so many goes to the command line as well. */
    cli: { type: 'string', default: '40' },
    /** Where failing inputs are kept. */
    keep: { type: 'string' },
    codes: { type: 'boolean', default: false },
  },
});

/** Seconds of computing for one input, and seconds on the clock, since the machine does other things as well. */
const TIME = 20;
const CLOCK = 120;
/** Resident bytes of a child; onnxruntime and the heap of a large model need a few hundred MB. */
const MEMORY = 2 * 2 ** 30;
const HEAP_MB = 1024;
/** KiB: no input makes a file of 64 MiB. */
const FILE_LIMIT = 65_536;

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-fuzz-'));
const keep = args.keep ?? path.join(os.tmpdir(), 'stepfold-fuzz-failures');
const weights = Object.entries(CLASSES).flatMap(([name, { weight = 1 }]) =>
  Array(weight).fill(name),
);
const end = Date.now() + Number(args.seconds) * 1000;
const most = args.index !== undefined ? 1 : Number(args.inputs ?? Number.POSITIVE_INFINITY);

const tried = new Map(Object.keys(CLASSES).map((name) => [name, 0]));
const byCommandLine = { tried: 0, codes: new Map() };
const codes = new Map();
const failures = [];
let count = 0;

function nextInput() {
  if (count >= most || (args.inputs === undefined && args.index === undefined && Date.now() >= end))
    return undefined;
  const kind = args.class ?? weights[count % weights.length];
  const index = args.index !== undefined ? Number(args.index) : count;
  count++;
  return { kind, index, seed: args.seed };
}

function remember(input, failure, bytes) {
  const known = failures.find((f) => f.signature === failure.signature);
  if (known) {
    known.times++;
    return;
  }
  fs.mkdirSync(keep, { recursive: true });
  const file = path.join(keep, `${args.seed}-${input.kind.replaceAll(/\W+/g, '-')}-${input.index}`);
  if (bytes) fs.writeFileSync(file, bytes);
  const failed = { ...input, ...failure, file, times: 1 };
  failures.push(failed);
  fs.writeFileSync(`${file}.json`, JSON.stringify(failed, null, 2));
  console.log(
    `FAILED ${input.kind} ${input.index} at ${failure.step}: ${failure.signature}\n  again: npm run fuzz -- --seed ${input.seed} --class "${input.kind}" --index ${input.index}\n  input: ${file}`,
  );
}

/** Resident bytes of a process; on systems without /proc memory is bounded by the heap alone. */
function residentOf(pid) {
  try {
    return Number(fs.readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * 4096;
  } catch {
    return 0;
  }
}

/** Seconds that a process has computed; without /proc only the clock counts. */
function cpuOf(pid) {
  try {
    const [user, system] = fs
      .readFileSync(`/proc/${pid}/stat`, 'latin1')
      .split(') ')[1]
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) / 100;
  } catch {
    return 0;
  }
}

/** @returns a promise of the end of all inputs that one child was given */
function startChild() {
  return new Promise((resolve) => {
    const limited = process.platform !== 'win32';
    // the shell sets the limit and becomes the child, so that its channel to us stays open
    const shell = limited && {
      execPath: '/bin/bash',
      execArgv: [
        '-c',
        `ulimit -f ${FILE_LIMIT}; exec "$@"`,
        'bash',
        process.execPath,
        `--max-old-space-size=${HEAP_MB}`,
      ],
    };
    const child = fork(path.join(ROOT, 'test/fuzz/child.mjs'), [root], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      ...(shell || { execArgv: [`--max-old-space-size=${HEAP_MB}`] }),
    });
    let input;
    let step = 'start';
    let started = Date.now();
    let computed = 0;
    let killed;
    let peak = 0;
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr = (stderr + text).slice(-2000);
    });
    const watch = setInterval(() => {
      peak = residentOf(child.pid);
      if (input && (cpuOf(child.pid) - computed > TIME || Date.now() - started > CLOCK * 1000))
        killed = `no end after ${TIME} s`;
      else if (peak > MEMORY) killed = `${Math.round(peak / 2 ** 20)} MiB of memory`;
      if (killed) child.kill('SIGKILL');
    }, 200);
    child.on('message', async (message) => {
      if (message.kind === 'step') {
        step = message.step;
        const key = `${message.step} ${message.code}`;
        codes.set(key, (codes.get(key) ?? 0) + 1);
      } else if (message.kind === 'failed')
        remember(input, { ...message, kind: input.kind, stderr }, readBytes(child.pid));
      else if (message.kind === 'next') {
        if (input) {
          tried.set(input.kind, tried.get(input.kind) + 1);
          if (createChoices('cli', input.seed, input.kind, input.index).chance(1, Number(args.cli)))
            await tryCommandLine(input, readBytes(child.pid));
        }
        input = nextInput();
        started = Date.now();
        computed = cpuOf(child.pid);
        if (input) child.send(input);
        else child.disconnect();
      } else {
        started = Date.now();
        computed = cpuOf(child.pid);
      }
    });
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      const bytes = readBytes(child.pid);
      for (const name of [`input-${child.pid}`, `bytes-${child.pid}`])
        fs.rmSync(path.join(root, name), { recursive: true, force: true });
      if (input) {
        tried.set(input.kind, tried.get(input.kind) + 1);
        const why = killed ?? `the process ended with ${signal ?? code}`;
        remember(
          input,
          {
            step,
            name: 'crash',
            message: why,
            stderr,
            signature: `${why.replaceAll(/\d+/g, '…')} after ${step} ${stderr.split('\n').find((line) => /Error|FATAL/.test(line)) ?? ''}`,
          },
          bytes,
        );
        input = undefined;
        resolve(startChild());
      } else resolve();
    });
  });
}

function readBytes(pid) {
  const file = path.join(root, `bytes-${pid}`);
  return fs.existsSync(file) ? fs.readFileSync(file) : undefined;
}

/** The same input as a shell gives it: status 0, 1 or 2, one line with a code, no stack trace. */
async function tryCommandLine(input, bytes) {
  const { file, prepare, make } = CLASSES[input.kind];
  const commands = COMMANDS[file];
  if (!commands || !bytes) return;
  const c = createChoices('command', input.seed, input.kind, input.index);
  const folder = path.join(root, `cli-${input.index}`);
  fs.mkdirSync(path.join(folder, 'in'), { recursive: true });
  prepare?.(make(createChoices(input.seed, input.kind, input.index), root), folder);
  fs.writeFileSync(path.join(folder, file), bytes);
  const command = c.pick(commands(path.join(folder, file), path.join(folder, 'out')));
  const { status, stdout, stderr } = await stepfold(command);
  byCommandLine.tried++;
  const code = /^error ([A-Z0-9_]+): [^\n]+\n$/.exec(stderr)?.[1];
  const fine =
    !/[^\P{Cc}\n]|[\p{Bidi_Control}\u2028\u2029]/u.test(stdout + stderr) &&
    (status === 0 || status === 1
      ? stderr === ''
      : status === 2 &&
        code &&
        !/^\s+at /m.test(stderr) &&
        (stdout === '' || JSON.parse(stdout).error.code === code));
  if (!fine)
    remember(
      input,
      {
        step: `stepfold ${command.join(' ')}`,
        message: `status ${status}`,
        stderr: stderr.slice(0, 2000),
        signature: `command ${command[0]}: status ${status} ${stderr.replaceAll(/["'][^"']*["']|\d+/g, '…').slice(0, 200)}`,
      },
      bytes,
    );
  fs.rmSync(folder, { recursive: true, force: true });
}

function stepfold(command) {
  const child = spawn(process.execPath, [path.join(ROOT, 'dist/src/cli/main.js'), ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: CLOCK * 1000,
    killSignal: 'SIGKILL',
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'])
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text;
    });
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ status, ...output }));
  });
}

try {
  await prepareBundles(root);
  const start = Date.now();
  await startChild();
  const total = [...tried.values()].reduce((sum, n) => sum + n, 0);
  console.log(`seed ${args.seed}: ${total} inputs in ${Math.round((Date.now() - start) / 1000)} s`);
  for (const [name, n] of tried) if (n > 0) console.log(`${String(n).padStart(8)}  ${name}`);
  console.log(`${String(byCommandLine.tried).padStart(8)}  of them by the command line, too`);
  if (args.codes)
    for (const [code, n] of [...codes].sort((a, b) => b[1] - a[1]))
      console.log(`${String(n).padStart(8)}  ${code}`);
  console.log(`${failures.length} kinds of failure`);
  for (const f of failures)
    console.log(`${String(f.times).padStart(8)}  ${f.kind} ${f.index}: ${f.signature}`);
  if (failures.length > 0) process.exitCode = 1;
} finally {
  fs.rmSync(root, { recursive: true, force: true });
}
