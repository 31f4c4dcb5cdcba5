/**
 * Reads protobuf tags and lengths from a source through a window, so that long fields are stepped over.
 * The window is filled by whoever drives the cursor, since some sources are read at once and others not.
 */
import { notOnnx, truncatedOnnx } from '../../errors/index.js';
import type { ByteSource } from '../ir/tensor.js';

const WINDOW = 64 * 1024;
/** A tag, then a number or a length: ten bytes each at most. */
const HEADER = 20;

/** A stretch of the source that has to be read before work can go on. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

export class WireCursor {
  private window: Uint8Array = new Uint8Array(0);
  private windowStart = 0;

  constructor(
    readonly source: Pick<ByteSource, 'label' | 'size'>,
    public position = 0,
  ) {}

  /** What to read so that the next field can be; undefined where it is in the window. */
  needs(): Stretch | undefined {
    const { size } = this.source;
    const end = Math.min(this.position + HEADER, size);
    const isHere =
      this.position >= this.windowStart && end <= this.windowStart + this.window.length;
    if (isHere || this.position >= size) return undefined;
    return { offset: this.position, length: Math.min(WINDOW, size - this.position) };
  }

  /** Takes the bytes that `needs` asked for. */
  fill(bytes: Uint8Array): void {
    this.window = bytes;
    this.windowStart = this.position;
  }

  private byte(): number {
    const byte = this.window[this.position - this.windowStart];
    if (byte === undefined) throw truncatedOnnx(this.source.label, this.position);
    this.position++;
    return byte;
  }

  /** A varint as a number; exact up to 2^53, which lengths and tags never reach. */
  private varint(): number {
    const start = this.position;
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw notOnnx(this.source.label, `byte ${start} starts a number of more than ten bytes`);
  }

  /**
   * Reads a tag and steps over its payload.
   * @param end where the enclosing message ends
   */
  field(end: number): {
    id: number;
    wireType: number;
    start: number;
    dataStart: number;
    end: number;
  } {
    const start = this.position;
    const tag = this.varint();
    const id = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (id === 0) throw notOnnx(this.source.label, `byte ${start} holds no protobuf field`);
    let dataStart = this.position;
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.position += 8;
    else if (wireType === 5) this.position += 4;
    else if (wireType === 2) {
      const length = this.varint();
      dataStart = this.position;
      this.position += length;
    } else throw notOnnx(this.source.label, `byte ${start} holds no protobuf field`);
    if (this.position > end) {
      if (this.position > this.source.size) throw truncatedOnnx(this.source.label, start);
      throw notOnnx(this.source.label, `the field at byte ${start} is longer than what holds it`);
    }
    return { id, wireType, start, dataStart, end: this.position };
  }
}

/** A small number at the start of some bytes. */
export function decodeVarint(bytes: Uint8Array): number {
  const end = bytes.findIndex((byte) => byte < 0x80);
  return bytes.subarray(0, end + 1).reduceRight((value, byte) => value * 0x80 + (byte & 0x7f), 0);
}

export function encodeVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

/** Tag and length of a length-delimited field. */
export function fieldHeader(id: number, length: number): Uint8Array {
  return Uint8Array.from([...encodeVarint(id * 8 + 2), ...encodeVarint(length)]);
}
