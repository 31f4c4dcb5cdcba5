/** Why the source model cannot be made into a reference: half a sentence, for the report of `verify`. */
export class NoReference extends Error {}
