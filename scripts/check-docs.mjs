// Compiles every TypeScript example of the README and docs/ against the built package, under the
// names by which users import it. Prints the file and line of an example that does not compile.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const scratch = path.join(root, '.docs-check');
const pages = [
  'README.md',
  ...fs.readdirSync(path.join(root, 'docs')).map((f) => `docs/${f}`),
].filter((f) => f.endsWith('.md'));

fs.rmSync(scratch, { recursive: true, force: true });
fs.mkdirSync(scratch);
try {
  let count = 0;
  for (const page of pages) {
    const lines = fs.readFileSync(path.join(root, page), 'utf8').split('\n');
    for (let i = 0; i < lines.length; i++) {
      if (lines[i] !== '```ts') continue;
      const end = lines.indexOf('```', i);
      // blank lines in front keep the line numbers of the page
      const text = [...Array(i + 1).fill(''), ...lines.slice(i + 1, end), 'export {};'].join('\n');
      fs.writeFileSync(path.join(scratch, `${page.replaceAll(/\W/g, '_')}_${i + 1}.ts`), text);
      count++;
    }
  }
  const config = {
    extends: '../tsconfig.json',
    compilerOptions: {
      noEmit: true,
      rootDir: '..',
      noUnusedLocals: false,
      noPropertyAccessFromIndexSignature: false,
    },
    include: ['*.ts'],
  };
  fs.writeFileSync(path.join(scratch, 'tsconfig.json'), JSON.stringify(config));
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', scratch], {
    encoding: 'utf8',
  });
  process.stdout.write(stdout + stderr);
  if (status !== 0) process.exit(1);
  console.log(`${count} examples of ${pages.length} pages compile`);
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
