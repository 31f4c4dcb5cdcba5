/**
 * Parts of a file held in memory. The compiler reads at once and little: shapes, small constants. A
 * browser reads only by promise. So what is wanted of a file is held first, and where the compiler comes
 * upon more, its work is done again with that held too.
 */
import { truncatedOnnx } from '../../errors/index.js';
import type { ByteSource, FileAccess } from '../ir/tensor.js';
import type { Stretch } from '../onnx/wire.js';

/** Thrown inside the work of `holding` alone: a stretch that is not held yet. */
export class NotHeld extends Error {
  override readonly name = 'NotHeld';

  constructor(
    readonly source: HeldFile,
    readonly stretch: Stretch,
  ) {
    super(
      `Bytes ${stretch.offset} to ${stretch.offset + stretch.length} of "${source.label}" are not in memory. Do the work in \`holding(() => …)\`.`,
    );
  }
}

export class HeldFile implements ByteSource {
  private readonly stretches: { readonly offset: number; readonly bytes: Uint8Array }[] = [];

  constructor(readonly file: FileAccess) {}

  get label(): string {
    return this.file.name;
  }

  get size(): number {
    return this.file.size;
  }

  read(offset: number, length: number): Uint8Array {
    const found = this.find({ offset, length });
    if (!found) throw new NotHeld(this, { offset, length });
    return found;
  }

  /** Bytes that are held; undefined where some of them are not. */
  find({ offset, length }: Stretch): Uint8Array | undefined {
    if (offset + length > this.size) throw truncatedOnnx(this.label, offset);
    const held = this.stretches.find(
      (s) => s.offset <= offset && offset + length <= s.offset + s.bytes.length,
    );
    return held?.bytes.subarray(offset - held.offset, offset - held.offset + length);
  }

  /** Bytes that are held, or read for this once. */
  async bytes({ offset, length }: Stretch): Promise<Uint8Array> {
    return this.find({ offset, length }) ?? this.file.read(offset, length);
  }

  keep(offset: number, bytes: Uint8Array): void {
    this.stretches.push({ offset, bytes });
  }

  /** Reads a stretch, for good. */
  async hold({ offset, length }: Stretch): Promise<Uint8Array> {
    const bytes = await this.file.read(offset, length);
    this.keep(offset, bytes);
    return bytes;
  }
}

/**
 * Does work that reads models opened by `openModel`: again after each stretch that had to be read for it.
 * The work must not change what it is done on.
 */
export async function holding<T>(work: () => T | Promise<T>): Promise<T> {
  for (;;)
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NotHeld)) throw error;
      await error.source.hold(error.stretch);
    }
}
