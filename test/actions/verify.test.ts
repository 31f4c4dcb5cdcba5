/**
 * The Action that verifies a bundle, run as a runner runs it: its steps in bash, each with its inputs and the files
 * that a runner gives. npm is a stand-in that notes what it was asked for and links this checkout.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type ValidationState, validateAction, validateWorkflow } from '@action-validator/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { DIGITS, done, ROOT } from '../cli/stepfold.js';

const ACTION = path.join(ROOT, 'actions/verify');
const text = fs.readFileSync(path.join(ACTION, 'action.yml'), 'utf8');
const action = parse(text) as {
  inputs: Record<string, { required?: boolean; default?: string }>;
  outputs: Record<string, { value: string }>;
  runs: { steps: { id?: string; shell: string; run: string; env: Record<string, string> }[] };
};

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold action '));
const at = (...names: string[]) => path.join(folder, ...names);
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await done([
    ...['transform', DIGITS, '--pass', 'deepcache:branch=3,interval=3', '--calls', '6'],
    ...['--weights', 'copy', '-o', at('bundle')],
  ]);
  fs.mkdirSync(at('bin'));
  const npm = `#!/bin/sh
echo "$@" > "$RUNNER_TEMP/npm"
mkdir -p "$RUNNER_TEMP/stepfold/node_modules"
ln -s "$REPOSITORY" "$RUNNER_TEMP/stepfold/node_modules/stepfold"
`;
  fs.writeFileSync(at('bin/npm'), npm, { mode: 0o755 });
});

/** A copy of the bundle, changed. */
function changed(name: string, change: (folder: string) => void): string {
  fs.cpSync(at('bundle'), at(name), { recursive: true });
  change(at(name));
  return name;
}

let runs = 0;

/** Runs the steps up to the first that fails. */
function run(inputs: Record<string, string>) {
  const given = Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => {
      const value = inputs[name] ?? input.default;
      if (value === undefined) throw new Error(`${name} is required`);
      return [name, value];
    }),
  );
  const temp = at(`temp ${runs++}`);
  fs.mkdirSync(temp);
  const file = (name: string) => path.join(temp, name);
  const env = {
    ...process.env,
    PATH: `${at('bin')}${path.delimiter}${process.env.PATH}`,
    REPOSITORY: ROOT,
    RUNNER_TEMP: temp,
    GITHUB_ACTION_PATH: ACTION,
    GITHUB_OUTPUT: file('output'),
    GITHUB_STEP_SUMMARY: file('summary'),
  };
  let log = '';
  let status: number | null = 0;
  for (const step of action.runs.steps) {
    expect(step.shell).toBe('bash');
    const own = Object.fromEntries(
      Object.entries(step.env).map(([name, value]) => [
        name,
        value.replace(/\$\{\{ inputs\.(\w+) \}\}/g, (_, input: string) => given[input]!),
      ]),
    );
    // as `shell: bash` is documented
    const script = file('step.sh');
    fs.writeFileSync(script, step.run);
    const made = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      cwd: folder,
      env: { ...env, ...own },
      encoding: 'utf8',
    });
    log += made.stdout + made.stderr;
    status = made.status;
    if (status !== 0) break;
  }
  const read = (name: string) =>
    fs.existsSync(file(name)) ? fs.readFileSync(file(name), 'utf8') : '';
  return {
    status,
    log,
    outputs: Object.fromEntries(
      read('output')
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split('=') as [string, string]),
    ),
    summary: read('summary'),
    npm: read('npm').trim(),
    annotations: log.split('\n').filter((line) => line.startsWith('::')),
  };
}

const errorsOf = ({ errors }: ValidationState) => errors;

test('it is an action, and what its README shows a workflow, by the published schemas', () => {
  expect(errorsOf(validateAction(text))).toEqual([]);
  const readme = fs.readFileSync(path.join(ACTION, 'README.md'), 'utf8');
  const [, workflow] = /```yaml\n([\s\S]*?)```/.exec(readme)!;
  expect(errorsOf(validateWorkflow(workflow!))).toEqual([]);
  const { with: inputs } = (
    parse(workflow!) as { jobs: { verify: { steps: { with?: object }[] } } }
  ).jobs.verify.steps.at(-1)!;
  const required = Object.entries(action.inputs).filter(([, { required }]) => required);
  expect(Object.keys(inputs!)).toEqual(required.map(([name]) => name));
  // the schemas find what is wrong
  expect(errorsOf(validateAction(text.replace('composite', 'node4')))).not.toEqual([]);
});

test('its README names every input and output', () => {
  const readme = fs.readFileSync(path.join(ACTION, 'README.md'), 'utf8');
  for (const name of [...Object.keys(action.inputs), ...Object.keys(action.outputs)])
    expect(readme).toContain(`| \`${name}\` |`);
});

describe('on a bundle', () => {
  test('that is what it should be', () => {
    const { status, outputs, summary, annotations, npm } = run({
      bundle: 'bundle',
      against: DIGITS,
      args: '--optimization=disabled\n',
    });
    expect(status).toBe(0);
    expect(outputs.passed).toBe('true');
    expect(annotations).toEqual([]);
    expect(summary).toContain('Proved: `bundle`');
    expect(summary.match(/✓ \|/g)).toHaveLength(4);
    const report = JSON.parse(fs.readFileSync(outputs.report!, 'utf8'));
    expect(report).toMatchObject({ passed: true, checks: { length: 4 } });
    const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
    expect(npm.split(' ').at(-1)).toBe(`stepfold@${version}`);
  });

  test('whose schedule was changed', () => {
    const bundle = changed('cheaper', (folder) => {
      const file = path.join(folder, 'schedule.json');
      const schedule = JSON.parse(fs.readFileSync(file, 'utf8'));
      schedule.cost.macs.convention.layers.programs.shallow = 1;
      fs.writeFileSync(file, JSON.stringify(schedule));
    });
    const { status, outputs, summary, annotations, npm } = run({
      bundle,
      against: DIGITS,
      version: './stepfold.tgz',
      args: '--optimization=disabled',
    });
    expect(status).toBe(1);
    expect(outputs.passed).toBe('false');
    expect(annotations[0]).toMatch(
      /^::error title=stepfold verify::schedule\.json \/cost\/\S+ says 1, where \d+ are counted$/,
    );
    expect(summary).toContain('Not proved: `cheaper`');
    expect(npm.split(' ').at(-1)).toBe('./stepfold.tgz');
  });

  test('with another byte in its weights', () => {
    const bundle = changed('damaged', (folder) => {
      const file = path.join(folder, 'weights.bin');
      const bytes = fs.readFileSync(file);
      bytes[bytes.length >> 1]! ^= 0x40;
      fs.writeFileSync(file, bytes);
    });
    const { status, outputs, annotations, summary } = run({
      bundle,
      against: DIGITS,
      version: 'next',
    });
    expect(status).toBe(2);
    expect(outputs.passed).toBe('false');
    expect(annotations).toEqual([expect.stringContaining('::SCHEDULE_WEIGHTS_CHANGED: ')]);
    expect(summary).toContain('SCHEDULE_WEIGHTS_CHANGED');
  });
});
