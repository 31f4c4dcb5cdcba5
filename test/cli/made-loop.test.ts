/** A bundle that says which loop it was made for is run in that loop, and in another where one is asked for. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { makePipeline } from '../helpers/pipelines.js';
import { DIGITS, done, expectRefusal, requireBuild, scratchFolder, stepfold } from './stepfold.js';

const folder = scratchFolder('made-loop');
const at = (...names: string[]) => path.join(folder, ...names);
const run = (...args: string[]) => done(args, { cwd: folder });
const cli = (...args: string[]) => stepfold(args, { cwd: folder });

const PASS = ['--pass', 'deepcache:branch=2,interval=2', '--calls', '6'];
const DEIS = ['--sampler', 'deis', '--order', '3', '--levels', 'karras', '--clip', '1'];
const MODEL = ['--prediction', 'v', '--betas', 'scaled_linear', '--beta-end', '0.012'];

let count = 0;
/** What a loop ends with, and what is said of it. */
async function endOf(place: string, ...how: string[]) {
  const to = `out-${count++}`;
  const said = await run('run', place, '--seed', '3', '--feed', 'class_labels=3', ...how, '-o', to);
  return { end: fs.readFileSync(at(to, 'samples.npy'), 'hex'), said };
}

const scheduleOf = (...names: string[]) =>
  JSON.parse(fs.readFileSync(at(...names, 'schedule.json'), 'utf8'));

const edit = (bundle: string, change: (schedule: Record<string, unknown>) => void) => {
  fs.cpSync(at('made'), at(bundle), { recursive: true });
  const schedule = scheduleOf(bundle);
  change(schedule);
  fs.writeFileSync(at(bundle, 'schedule.json'), JSON.stringify(schedule));
};

beforeAll(async () => {
  requireBuild();
  await run('transform', DIGITS, ...PASS, '-o', 'plain');
  await run('transform', DIGITS, ...PASS, ...DEIS, '-o', 'made');
  await run('transform', DIGITS, ...PASS, ...DEIS, ...MODEL, '-o', 'v');
}, 60_000);

describe('a bundle of a loop', () => {
  test('says what was said of it, and nothing else', () => {
    expect(scheduleOf('made').sampler).toEqual({
      name: 'deis',
      order: 3,
      clip: 1,
      levels: 'karras',
    });
    expect(scheduleOf('v').sampler).toEqual({
      ...{ name: 'deis', order: 3, clip: 1, levels: 'karras', prediction: 'v' },
      schedule: { betas: 'scaled_linear', betaEnd: 0.012 },
    });
    expect(scheduleOf('plain')).not.toHaveProperty('sampler');
  });

  test('is run in it', async () => {
    const { end, said } = await endOf('made');
    expect(said).toContain(
      'The loop that the bundle was made for: 6 steps of deis, order 3, karras.\n',
    );
    const plain = await endOf('plain', ...DEIS);
    expect(end).toBe(plain.end);
    expect(plain.said).not.toContain('made for');
    expect((await endOf('v')).end).toBe((await endOf('plain', ...DEIS, ...MODEL)).end);
    // what is asked for alike is no other loop
    expect(await endOf('made', ...DEIS, '--steps', '6').then((o) => o.said)).toContain(
      'The loop that the bundle was made for',
    );
  });

  test.each([
    ['another order', ['--order', '2'], '--order 2 (3)'],
    ['other betas', ['--betas', 'cosine'], undefined],
    ['more steps', ['--steps', '8'], '--steps 8 (6)'],
  ])('is run in another where that is asked for: %s', async (_, flags, line) => {
    const kept = DEIS.filter((word, i) => word !== flags[0] && DEIS[i - 1] !== flags[0]);
    const found = await endOf('made', ...flags);
    expect(found.end).toBe((await endOf('plain', ...kept, ...flags)).end);
    if (line !== undefined)
      expect(found.said).toContain(`Not the loop that the bundle was made for: ${line}.\n`);
  });

  test('goes by a spacing in place of its levels', async () => {
    const spaced = ['--spacing', 'trailing'];
    const { end } = await endOf('made', ...spaced);
    const flags = ['--sampler', 'deis', '--order', '3', '--clip', '1'];
    expect(end).toBe((await endOf('plain', ...flags, ...spaced)).end);
  });

  test('tells another sampler of its model alone', async () => {
    const { end, said } = await endOf('v', '--sampler', 'ddim');
    expect(said).toContain('Not the loop that the bundle was made for: --sampler ddim (deis).\n');
    expect(end).toBe((await endOf('plain', '--sampler', 'ddim', '--clip', '1', ...MODEL)).end);
    // along the path of its own sampler
    await run(
      'transform',
      DIGITS,
      ...PASS,
      '--sampler',
      'euler-flow',
      '--shift',
      '3',
      '-o',
      'flow',
    );
    const flow = ['--path', 'flow', '--shift', '3', '--prediction', 'flow'];
    expect((await endOf('flow', '--sampler', 'deis')).end).toBe(
      (await endOf('plain', '--sampler', 'deis', ...flow)).end,
    );
    expect((await endOf('flow')).end).toBe(
      (await endOf('plain', '--sampler', 'euler-flow', '--shift', '3')).end,
    );
  });

  test('is measured and drawn in it', async () => {
    const [page] = await Promise.all([
      run('report', 'made', '--against', DIGITS, '--rounds', '1', '--no-yardstick', '-o', 'r.html'),
    ]);
    expect(page).toContain('The loop that the bundle was made for');
    expect(fs.readFileSync(at('r.html'), 'utf8')).toContain('deis');
    const bench = ['bench', 'made', '--against', DIGITS, '--rounds', '1'];
    expect(await run(...bench, '--levels', 'beta')).toContain('--levels beta (karras)');
  });

  test('of which it says what is not so is refused by its place', async () => {
    const file = (name: string) => path.join(name, 'schedule.json');
    edit('unknown', (schedule) => Object.assign(schedule, { sampler: { name: 'dimm' } }));
    expectRefusal(await cli('run', 'unknown', '-o', 'x'), 'SCHEDULE_INVALID', '/sampler/name');
    edit('other', (schedule) => Object.assign(schedule, { sampler: { name: 'deis', eta: 1 } }));
    for (const args of [
      ['run', 'other', '-o', 'x'],
      ['bench', 'other', '--against', DIGITS, '--levels', 'karras'],
    ])
      expectRefusal(await cli(...args), 'SAMPLER_OPTION_UNKNOWN', file('other'), '/sampler', 'eta');
    expectRefusal(
      await cli('transform', DIGITS, ...PASS, '--order', '3', '-o', 'x'),
      'CLI_ARGUMENT',
      '--sampler',
    );
  });
});

describe('a sampler that goes elsewhere', () => {
  test('is found out by verify', async () => {
    const pass = ['--pass', 'forecast:interval=2,axis=log-snr,order=1', '--calls', '6'];
    await run('transform', DIGITS, ...pass, ...DEIS, '-o', 'axis');
    expect(await run('verify', 'axis', '--against', DIGITS)).not.toContain('log-snr');
    const schedule = scheduleOf('axis');
    schedule.sampler.levels = 'exponential';
    fs.writeFileSync(at('axis', 'schedule.json'), JSON.stringify(schedule));
    const { status, stdout } = await cli('verify', 'axis', '--against', DIGITS);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /Wrong: schedule\.json \/sampler makes step \d at .*\/loop\/timesteps has/,
    );
  });
});

describe('a plan', () => {
  test('gives the bundle the loop that it was searched on', async () => {
    const loop = ['--sampler', 'deis', '--levels', 'karras', '--train-timesteps', '40'];
    await run(
      ...['calibrate', DIGITS, '--pass', 'forecast', '--full-calls', '3', '--calls', '6'],
      ...[
        '--samples',
        '2',
        '--no-yardstick',
        '--feed',
        'class_labels=3',
        ...loop,
        '-o',
        'plan.json',
      ],
    );
    await run('transform', DIGITS, '--plan', 'plan.json', '-o', 'planned');
    expect(scheduleOf('planned').sampler).toMatchObject({ name: 'deis', levels: 'karras' });
    expect((await endOf('planned')).end).toBe((await endOf('planned', ...loop)).end);
    await run('transform', DIGITS, '--plan', 'plan.json', '--sampler', 'ddim', '-o', 'replaced');
    expect(scheduleOf('replaced').sampler).toEqual({ name: 'ddim' });
    const plan = JSON.parse(fs.readFileSync(at('plan.json'), 'utf8'));
    plan.calibration.sampler.ordre = 2;
    fs.writeFileSync(at('wrong.json'), JSON.stringify(plan));
    expectRefusal(
      await cli('transform', DIGITS, '--plan', 'wrong.json', '-o', 'x'),
      'SAMPLER_OPTION_UNKNOWN',
      'wrong.json',
      '/calibration/sampler',
    );
  });
});

describe('a bundle in its pipeline', () => {
  const SCHEDULER = ['scheduler', 'scheduler_config.json'];

  test('comes before the scheduler that it has it from', async () => {
    makePipeline(at('source'));
    await run('transform', 'source', ...PASS, '-o', 'as-it-is');
    await run('transform', 'source', ...PASS, '--sampler', 'deis', '-o', 'deis');
    expect(scheduleOf('as-it-is', 'unet')).not.toHaveProperty('sampler');
    expect(scheduleOf('deis', 'unet').sampler).toMatchObject({
      ...{ name: 'deis', prediction: 'v', spacing: 'trailing', final: 'first' },
      schedule: { betas: 'scaled_linear', betaStart: 0.00085, betaEnd: 0.012 },
    });
    const { end } = await endOf('as-it-is', '--sampler', 'deis');
    expect((await endOf('deis')).end).toBe(end);
    // nobody need know of the folder
    expect((await endOf('deis/unet')).end).toBe(end);
    expect((await endOf('deis', '--sampler', 'ddim')).end).toBe((await endOf('as-it-is')).end);
    const file = at('deis', ...SCHEDULER);
    const config = JSON.parse(fs.readFileSync(file, 'utf8'));
    fs.rmSync(file);
    fs.writeFileSync(file, JSON.stringify({ ...config, beta_end: 0.5, prediction_type: 'sample' }));
    expect((await endOf('deis')).end).toBe(end);
  });

  test('asks it what its model was trained with, where it does not say', async () => {
    const { file } = { file: at('source', 'unet', 'model.onnx') };
    await run('transform', file, ...PASS, '--sampler', 'deis', '-o', 'apart');
    fs.cpSync(at('as-it-is'), at('put-in'), { recursive: true });
    fs.rmSync(at('put-in', 'unet'), { recursive: true });
    fs.cpSync(at('apart'), at('put-in', 'unet'), { recursive: true });
    const model = ['--prediction', 'v', '--betas', 'scaled_linear', '--beta-start', '0.00085'];
    const said = ['--sampler', 'deis', ...model, '--beta-end', '0.012'];
    expect((await endOf('put-in')).end).toBe((await endOf('apart', ...said)).end);
  });
});
