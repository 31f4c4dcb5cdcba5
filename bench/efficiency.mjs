// How much of what the MACs promise is measured, against the best of onnxruntime's own optimization levels,
// before and after rewriting for its CPU provider; and what memory the forms hold.
// node bench/efficiency.mjs [model …] [--memory]
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { deepcache, deltaCache, loopInvariant, onnxruntimeCpu } from '../dist/passes/index.js';
import { fillWeights } from '../dist/src/evidence/fill/fill.js';
import { randomFeeds, scheduleBindings } from '../dist/src/evidence/measure/feeds.js';
import { Pipeline } from '../dist/src/index.js';
import { loadModel, openBundle, verifyBundle, writeBundle } from '../dist/src/node.js';
import { median } from '../scripts/demo/common.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const MODELS = {
  'ddpm-cifar10': {
    shapes: { x: [1, 3, 32, 32], t: [1] },
    cut: [deepcache, { branch: 3, interval: 5 }],
    calls: 5,
    rounds: 25,
  },
  'dit-s-2-512': {
    shapes: { x: [1, 4, 64, 64], t: [1], y: [1] },
    cut: [deltaCache, { blocks: 6, interval: 3 }],
    calls: 3,
    rounds: 9,
    memory: [[deltaCache, { blocks: 6, interval: 3 }]],
  },
  // one session at a time, since each holds up to twice the 3.4 GB of weights
  'sd15-unet': {
    shapes: { sample: [1, 4, 64, 64], encoder_hidden_states: [1, 77, 768] },
    cut: [deepcache, { branch: 2, interval: 5 }],
    calls: 5,
    rounds: 1,
    turns: 2,
    invariant: true,
    memory: [
      [deepcache, { branch: 1, interval: 5 }],
      [deepcache, { branch: 2, interval: 5 }],
    ],
  },
};
const LEVELS = ['disabled', 'basic', 'extended', 'all'];
// threads that spin after a run would take the cores from the next variant's
const QUIET = { logSeverityLevel: 4, extra: { session: { intra_op: { allow_spinning: '0' } } } };
/** Weights stay in their file, which all sessions map: onnxruntime makes no copies in other layouts. */
const MAPPED = {
  logSeverityLevel: 4,
  graphOptimizationLevel: 'extended',
  extra: { session: { disable_prepacking: '1' } },
};

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-efficiency-'));
const flags = process.argv.slice(2);
const withMemory = flags.includes('--memory');
const names = flags.filter((flag) => !flag.startsWith('--'));

/** Compiles and writes a bundle; says what it holds. */
async function bundle(model, name, passes, options) {
  let pipeline = Pipeline.create(options);
  for (const [pass, settings] of passes) pipeline = pipeline.use(pass, settings);
  const folder = path.join(scratch, name);
  const compilation = await pipeline.compile(loadModel(model));
  const schedule = writeBundle(compilation, folder, { sourceFile: model });
  return { folder, schedule };
}

/** Milliseconds, and those of processor time, which other processes on the machine disturb less. */
async function timed(into, run) {
  const before = process.cpuUsage();
  const start = performance.now();
  await run();
  const { user, system } = process.cpuUsage(before);
  into.push({ wall: performance.now() - start, cpu: (user + system) / 1000 });
}

const sourceVariant = (model, level, feeds) => ({
  name: `source, ${level}`,
  async open() {
    const options = { ...QUIET, graphOptimizationLevel: level };
    const session = await ort.InferenceSession.create(model, options);
    return { run: (record) => record('call', () => session.run(feeds)), session };
  },
});

const bundleVariant = (name, { folder, schedule }, calls, feeds) => ({
  name,
  schedule,
  async open() {
    const session = await openBundle(folder, { sessionOptions: QUIET });
    const run = async (record) => {
      session.reset();
      for (let call = 0; call < calls; call++)
        await record(schedule.calls[call], () => session.run(feeds));
    };
    return { run, session };
  },
});

/** All variants in turn, again and again; those of large models are opened one at a time. */
async function measure(variants, { rounds, turns }) {
  const samples = Object.fromEntries(variants.map(({ name }) => [name, {}]));
  const recorder = (name) => (kind, run) => {
    samples[name][kind] ??= [];
    return timed(samples[name][kind], run);
  };
  const warm = (_, run) => run();
  if (turns) {
    for (let turn = 0; turn < turns; turn++)
      for (const { name, open } of variants) {
        const { run, session } = await open();
        await run(warm);
        for (let round = 0; round < rounds; round++) await run(recorder(name));
        await session.release();
        console.error(`  turn ${turn + 1} of ${turns}: ${name}`);
      }
  } else {
    const opened = [];
    for (const { name, open } of variants) opened.push({ name, ...(await open()) });
    for (const { run } of opened) await run(warm);
    for (let round = 0; round < rounds; round++)
      for (const { name, run } of opened) await run(recorder(name));
    for (const { session } of opened) await session.release();
  }
  const medians = (list) => ({
    wall: median(list.map(({ wall }) => wall)),
    cpu: median(list.map(({ cpu }) => cpu)),
  });
  return Object.fromEntries(
    Object.entries(samples).map(([name, kinds]) => [
      name,
      Object.fromEntries(Object.entries(kinds).map(([kind, list]) => [kind, medians(list)])),
    ]),
  );
}

/** Each kind of call and the loop: times, speed-up, MAC ratio, and the one over the other. */
function judge(times, best, { schedule }, calls) {
  const { source, programs } = schedule.cost.macs.convention.all;
  const loop = schedule.calls.slice(0, calls);
  const rows = Object.fromEntries(
    Object.entries(times).map(([kind, time]) => [
      kind,
      { ...time, macRatio: source / programs[kind] },
    ]),
  );
  const sum = (of) => loop.reduce((total, kind) => total + of(kind), 0);
  rows.loop = {
    wall: sum((kind) => times[kind].wall) / calls,
    cpu: sum((kind) => times[kind].cpu) / calls,
    macRatio: (source * calls) / sum((kind) => programs[kind]),
  };
  for (const row of Object.values(rows)) {
    row.speedup = best.wall / row.wall;
    row.cpuSpeedup = best.cpu / row.cpu;
    row.efficiency = row.speedup / row.macRatio;
    row.cpuEfficiency = row.cpuSpeedup / row.macRatio;
  }
  return rows;
}

/** Private and mapped memory of processes that do nothing else. */
async function memoryTable(model, { shapes, memory = [], calls }) {
  const rows = [];
  const add = (what, task) => {
    const json = execFileSync(process.execPath, [
      path.join(root, 'bench/resident.mjs'),
      JSON.stringify({ shapes, calls: 2, ...task }),
    ]).toString();
    rows.push({ what, ...JSON.parse(json) });
    const mega = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`.padStart(10);
    const row = rows.at(-1);
    console.log(
      `  ${what.padEnd(44)}${mega(row.private)} private${mega(row.mapped)} mapped${mega(row.peak)} at most`,
    );
  };
  for (const [i, [pass, options]] of memory.entries()) {
    const label = `${pass.name} ${Object.entries(options)
      .map((o) => o.join('='))
      .join(',')}`;
    for (const emit of ['split', 'merged']) {
      const { folder } = await bundle(model, `memory-${i}-${emit}`, [[pass, options]], {
        calls,
        emit,
      });
      const schedule = path.join(folder, 'schedule.json');
      if (rows.length === 0) {
        add('source', { model, schedule });
        add('source, mapped', { model, schedule, sessionOptions: MAPPED });
      }
      add(`${label}, ${emit}`, { folder, schedule });
      add(`${label}, ${emit}, mapped`, { folder, schedule, sessionOptions: MAPPED });
      fs.rmSync(folder, { recursive: true });
    }
  }
  return rows;
}

const show = (time, row) =>
  `${time.wall.toFixed(1).padStart(9)} ms${time.cpu.toFixed(1).padStart(10)} ms processor` +
  (row
    ? `${row.speedup.toFixed(2).padStart(7)}x${row.cpuSpeedup.toFixed(2).padStart(7)}x` +
      `  MACs ${row.macRatio.toFixed(2)}x  measured/MACs ${(100 * row.efficiency).toFixed(0)} %, ${(100 * row.cpuEfficiency).toFixed(0)} %`
    : '');

try {
  const file = path.join(root, 'bench/results/efficiency.json');
  const results = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).results : {};
  for (const name of names.length > 0 ? names : ['ddpm-cifar10', 'dit-s-2-512']) {
    const settings = MODELS[name];
    const { cut, calls, shapes } = settings;
    const { model } = fillWeights({
      model: path.join(root, `samples/architectures/${name}.onnx`),
      folder: path.join(scratch, name),
    });
    const sizes = Object.fromEntries(
      loadModel(model).graph.inputs.flatMap((input) =>
        (input.type.shape ?? []).flatMap((dim, axis) =>
          typeof dim === 'string' ? [[dim, shapes[input.name][axis]]] : [],
        ),
      ),
    );
    const options = { calls, sizes };
    const target = onnxruntimeCpu;
    const bundles = {
      'whole, before': await bundle(model, 'whole', [], options),
      'whole, after': await bundle(model, 'whole-target', [], { ...options, target }),
      [`${cut[0].name}, before`]: await bundle(model, 'cut', [cut], options),
      [`${cut[0].name}, after`]: await bundle(model, 'cut-target', [cut], { ...options, target }),
      ...(settings.invariant && {
        [`${cut[0].name} and ${loopInvariant.name}, after`]: await bundle(
          model,
          'invariant-target',
          [cut, [loopInvariant, {}]],
          { ...options, emit: 'split', target },
        ),
      }),
    };
    const after = bundles[`${cut[0].name}, after`];
    const proof = await verifyBundle({ folder: after.folder, model, shapes, levels: ['all'] });
    const { source } = after.schedule;
    const bindings = scheduleBindings(after.schedule, shapes);
    const feeds = randomFeeds(source.inputs, { ort, roles: source.roles, bindings, seed: 0 });
    const times = await measure(
      [
        ...LEVELS.map((level) => sourceVariant(model, level, feeds)),
        ...Object.entries(bundles).map(([what, made]) =>
          bundleVariant(what, made, what.startsWith('whole') ? 1 : calls, feeds),
        ),
      ],
      settings,
    );
    console.log(`${name}, after rewriting verified ${proof.passed}`);
    const levels = LEVELS.map((level) => ({ level, ...times[`source, ${level}`].call }));
    for (const { level, ...time } of levels)
      console.log(`  ${`source, ${level}`.padEnd(44)}${show(time)}`);
    const best = levels.reduce((a, b) => (b.wall < a.wall ? b : a));
    console.log(`  best level: ${best.level}`);
    const judged = {};
    for (const [what, made] of Object.entries(bundles)) {
      judged[what] = judge(times[what], best, made, what.startsWith('whole') ? 1 : calls);
      for (const [kind, row] of Object.entries(judged[what]))
        if (kind !== 'loop' || !what.startsWith('whole'))
          console.log(`  ${`${what}: ${kind}`.padEnd(44)}${show(row, row)}`);
    }
    results[name] = { verified: proof.passed, levels, best: best.level, bundles: judged };
    for (const { folder } of Object.values(bundles)) fs.rmSync(folder, { recursive: true });
    if (withMemory) results[name].memory = await memoryTable(model, settings);
    fs.rmSync(path.dirname(model), { recursive: true });
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const machine = { cores: os.cpus().length, node: process.version };
    fs.writeFileSync(file, `${JSON.stringify({ ...machine, results }, null, 2)}\n`);
  }
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
