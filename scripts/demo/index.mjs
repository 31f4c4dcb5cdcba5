// The main jobs on models that ship with the repository, with pictures. Uses the built library in
// dist/, as a dependent of the package would. `npm run demo deepcache` or `ditfastattn` for one alone.
const [chosen] = process.argv.slice(2);
for (const name of chosen ? [chosen] : ['deepcache', 'ditfastattn']) {
  await import(`./${name}.mjs`);
  console.log('');
}
