/**
 * What calls can be: a variant is a row of strategies with what it reads and writes. What runs a variant, and in how many
 * models, is the business of an emit form; which calls are alike is asked here and nowhere else.
 */

export interface Variant {
  /** Strategy of each site; `undefined` where the site is not live, inside one that is replaced. */
  readonly row: Row;
  /** States and parameters. */
  readonly reads: readonly string[];
  /** States that some later call reads before they are written again. */
  readonly writes: readonly string[];
}

export type Row = readonly (string | undefined)[];

/** A variant that calls and what runs it are told by. */
export interface NamedVariant extends Variant {
  readonly name: string;
}

/** The same for equal rows, and for no others. */
export const rowKey = (row: Row): string => JSON.stringify(row.map((name) => name ?? null));

/** The same for variants that run the same and keep the same; what is read follows from that. */
export const variantKey = ({ row, writes }: Pick<Variant, 'row' | 'writes'>): string =>
  JSON.stringify([rowKey(row), writes]);
