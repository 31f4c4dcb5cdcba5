// Runs `stepfold verify` in a workflow, and says there what it found: an annotation for each thing that is wrong, a table
// in the job's summary, and outputs for later steps. Ends with the command's own status: 1 not proved, 2 not run.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const { env } = process;
const root = path.join(env.RUNNER_TEMP, 'stepfold');
const cli = path.join(root, 'node_modules/stepfold/dist/lib/cli.js');
const args = env.STEPFOLD_ARGS.split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '');

const command = ['verify', env.STEPFOLD_BUNDLE, '--against', env.STEPFOLD_AGAINST, ...args];
console.log(`stepfold ${command.join(' ')}`);
const { status, stdout, error } = spawnSync(process.execPath, [cli, ...command, '--json'], {
  encoding: 'utf8',
  // a report has a line for each call that was proved
  maxBuffer: 1 << 28,
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (error) throw error;

const read = () => {
  try {
    return JSON.parse(stdout);
  } catch {
    return { error: { code: 'NO_REPORT', message: 'stepfold printed no report; see the log' } };
  }
};
const report = read();
fs.mkdirSync(root, { recursive: true });
const file = path.join(root, 'verify.json');
fs.writeFileSync(file, stdout);

const nameOf = ({ kind, call, of }) =>
  kind === 'loop' ? `${of ? `loop of ${of.steps} steps, ` : ''}call ${call}` : 'equals the source';
const differenceOf = ({ exact, relative }) => (exact ? '0' : relative.toExponential(1));

const wrong = report.error
  ? [`${report.error.code}: ${report.error.message} ${report.error.hint ?? ''}`.trim()]
  : [
      ...report.checks
        .filter(({ passed }) => !passed)
        .map(
          (check) =>
            `${nameOf(check)}, program ${check.program}, optimization ${check.optimization}: relative difference ${differenceOf(check)}`,
        ),
      ...report.statements.map(({ path: at, message }) => `schedule.json ${at} ${message}`),
      ...report.unproved.map((what) => `not proved: ${what}`),
    ];
const passed = status === 0;
// what may be unproved by --allow-unproved is shown, and no error
const level = passed ? 'warning' : 'error';

/** As a workflow's commands want it. */
const escaped = (text) =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
for (const line of wrong) console.log(`::${level} title=stepfold verify::${escaped(line)}`);
if (!passed && wrong.length === 0)
  console.log(`::error title=stepfold verify::It ended with status ${status}`);

const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (report.checks ?? []).map(
  (check) =>
    `| ${cell(nameOf(check))} | ${cell(check.program)} | ${check.optimization} | ${differenceOf(check)} | ${check.passed ? '✓' : '**failed**'} |`,
);
const summary = [
  `### ${passed ? '✓ Proved' : '✗ Not proved'}: \`${env.STEPFOLD_BUNDLE}\` against \`${env.STEPFOLD_AGAINST}\``,
  '',
  ...wrong.map((line) => `- ${cell(line)}`),
  ...(table.length
    ? [
        '',
        '| check | program | optimization | relative difference | |',
        '|---|---|---|---|---|',
        ...table,
      ]
    : []),
  '',
];
const append = (name, text) => {
  if (env[name]) fs.appendFileSync(env[name], `${text}\n`);
};
append('GITHUB_STEP_SUMMARY', summary.join('\n'));
append('GITHUB_OUTPUT', `passed=${passed}\nreport=${file}`);
console.log(passed ? `Proved in ${report.checks.length} checks.` : 'Not proved.');
process.exitCode = status ?? 2;
