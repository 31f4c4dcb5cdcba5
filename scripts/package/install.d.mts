export interface Packed {
  readonly tarball: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly size: number;
  readonly unpackedSize: number;
}
export function pack(folder: string, options: { readonly scripts: boolean }): Packed;
export function install(project: string, tarball: string, others?: readonly string[]): void;
