// Changes the code in one small place at a time, and shows which changes no test notices:
//
//   npm run mutation -- src/compiler/plan                        a folder
//   npm run mutation -- src/compiler/plan/flow.ts src/compiler/plan/group.ts
//   npm run mutation -- src/compiler/plan/flow.ts:40-72          these lines
//   npm run mutation -- --tests test/compiler/plan --tests test/compiler/lower/sites src/compiler/plan/flow.ts
//   npm run mutation -- --again src/compiler/plan                only what a change of code or tests may have altered
//   npm run mutation -- --all src/compiler/plan                  blocks, arrays and functions left empty as well
//
// docs/mutation.md says what is changed, what is not, and what the scores are.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { equivalents } from './equivalent.mjs';
import { linesOf, tableOf } from './table.mjs';
import { KEEPS_RESULTS, testFiles, testsOf } from './tests.mjs';

/**
 * Names of operators and texts of messages, options, patterns: little is found among so many. `?.`: the
 * compiler notices nearly all.
 */
const NOISE = ['StringLiteral', 'ObjectLiteral', 'Regex', 'OptionalChaining'];
/** Noticed by almost any test that comes by: they lift a score, and say nothing of a condition. */
const EMPTIED = ['BlockStatement', 'ArrayDeclaration', 'ArrowFunction', 'UpdateOperator'];

const { values: options, positionals: targets } = parseArgs({
  allowPositionals: true,
  options: {
    tests: { type: 'string', multiple: true },
    again: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
  },
});
if (targets.length === 0) {
  console.error('npm run mutation -- FOLDER | FILE | FILE:LINE-LINE …');
  process.exit(2);
}
process.chdir(path.join(path.dirname(fileURLToPath(import.meta.url)), '../..'));

const places = targets.map((target) => {
  const [file, ...range] = target.replace(/\/+$/, '').split(':');
  if (!fs.existsSync(file)) {
    console.error(`no such file or folder: ${file}`);
    process.exit(2);
  }
  if (fs.statSync(file).isDirectory()) return { file, pattern: `${file}/**/*.ts` };
  return { file, pattern: [file, ...range].join(':') };
});
const tests = testFiles(options.tests ?? places.flatMap(({ file }) => testsOf(file)));
if (tests.length === 0) {
  console.error('no test file has such a name');
  process.exit(2);
}
// as Stryker's own option it would keep changes from being in force while modules are loaded
process.env.MUTATION_TESTS = JSON.stringify(tests);
const isAmong = (kept) => places.some(({ file }) => kept === file || kept.startsWith(`${file}/`));
if (KEEPS_RESULTS.some(isAmong)) process.env.MUTATION_FRESH = '1';

const folder = '.mutation';
const results = await new Stryker({
  mutate: places.map(({ pattern }) => pattern),
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'scripts/mutation/vitest.config.mjs', related: false },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  // what a loop that no longer ends costs, beside half as long again as its tests take
  timeoutMS: 4000,
  dryRunTimeoutMinutes: 15,
  mutator: {
    excludedMutations: options.all ? NOISE : [...NOISE, ...EMPTIED],
  },
  // it would be rewritten by way of TypeScript's interface in JavaScript, which version 7 has no more
  tsconfigFile: 'none.json',
  ignorePatterns: ['/dist', '/docs', '/bench', '/samples/web', '/demo-out', `/${folder}`],
  tempDirName: '.stryker-tmp',
  incremental: options.again,
  incrementalFile: `${folder}/incremental.json`,
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: `${folder}/report.json` },
  allowConsoleColors: false,
  logLevel: 'warn',
}).runMutationTest();

// a test file that does not load has no tests, which Stryker passes over
const { testFiles: ran = {} } = JSON.parse(fs.readFileSync(`${folder}/report.json`, 'utf8'));
for (const file of tests)
  if (!ran[file]) {
    console.error(`no test of ${file} was run`);
    process.exitCode = 1;
  }

const { entries, stale } = equivalents(results, places);
const counted = results.filter(
  (result) => !entries.has(result) && result.status !== 'Ignored' && result.status !== 'Pending',
);
const noticed = counted.filter(({ status }) => status === 'Killed' || status === 'Timeout');
const missed = counted.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
const failed = counted.filter(({ status }) => status.endsWith('Error'));

if (missed.length > 0) console.log(tableOf(missed));
for (const result of failed) console.log(`could not be tried: ${linesOf(result).place}`);
for (const entry of stale) console.log(`names no change that is made: ${entry}`);
const most = noticed.length + missed.length;
const percent = most === 0 ? 100 : (100 * noticed.length) / most;
console.log(
  `${targets.join(' ')}: ${most} changes, ${noticed.length} noticed (${percent.toFixed(1)} %), ` +
    `${missed.length} not, ${entries.size} without effect`,
);
