// The main jobs on models that ship with the repository, with pictures. Uses the built library in
// dist/, as a dependent of the package would. `npm run demo deepcache` or `ditfastattn` for one alone;
// `npm run demo -- --quick` for one setting of each, fewer steps and digits, which shows that all of it works.
import { QUICK } from './common.mjs';

const chosen = process.argv.slice(2).find((word) => !word.startsWith('--'));
if (QUICK)
  console.log(
    'Quick: one setting of each method, fewer steps, one digit of each class, one round of timing.\n',
  );
for (const name of chosen ? [chosen] : ['deepcache', 'ditfastattn']) {
  await import(`./${name}.mjs`);
  console.log('');
}
