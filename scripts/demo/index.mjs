// The main jobs on models that ship with the repository, with pictures and a page of them. Uses the built library in
// dist/, as a dependent of the package would. `npm run demo clothes`, `deepcache` or `ditfastattn` for one alone;
// `npm run demo -- --all` for every setting, more pictures and rounds, which is what the documents show.
import path from 'node:path';
import { writePage } from './page.mjs';
import { QUICK } from './quick.mjs';

const chosen = process.argv.slice(2).find((word) => !word.startsWith('--'));
if (QUICK)
  console.log(
    'One setting of each method, ten pictures, one round of timing; --all takes all of them.\n',
  );
const parts = [];
for (const name of chosen ? [chosen] : ['clothes', 'deepcache', 'ditfastattn']) {
  const { title } = await import(`./${name}.mjs`);
  parts.push({ name, title });
  console.log('');
}
const page = writePage(path.join(process.cwd(), 'demo-out'), parts);
console.log(`Pictures: ${path.relative(process.cwd(), page)}`);
