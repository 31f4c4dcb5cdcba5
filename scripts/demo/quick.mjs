// How much a demo makes: as little as shows that everything works, or with `--all` what the documents show.
export const QUICK = !process.argv.includes('--all');
export const ROWS = QUICK ? 1 : 2;
export const ROUNDS = QUICK ? 1 : 3;
