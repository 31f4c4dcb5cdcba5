/** Options that show what happens to the graph on the way. */
export const dumpOptions = {
  dump: {
    type: 'string',
    describe: 'Folder for the text of the graph after every stage: 00-source.txt and so on',
  },
  debug: {
    type: 'boolean',
    default: false,
    describe: 'Keep the graph before every step, and write it out where a step breaks the graph',
  },
} as const;
