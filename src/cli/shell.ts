/** A word of a command line, quoted for a shell where it needs to be. */
export const shellWord = (word: string): string =>
  /^[\w./:@+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
