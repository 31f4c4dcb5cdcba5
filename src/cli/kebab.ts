/** Names of options as the command line has them: `betaStart` is `beta-start`. */
export const kebab = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
