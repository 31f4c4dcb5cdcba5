/** Reads protobuf tags and lengths from a source through a window, so that long fields are stepped over. */
import { notOnnx, truncatedOnnx } from '../errors/index.js';
import type { ByteSource } from '../ir/tensor.js';

const WINDOW = 64 * 1024;

export class WireCursor {
  private window: Uint8Array = new Uint8Array(0);
  private windowStart = 0;

  constructor(
    readonly source: ByteSource,
    public position = 0,
  ) {}

  private byte(): number {
    let at = this.position - this.windowStart;
    if (at < 0 || at >= this.window.length) {
      const length = Math.min(WINDOW, this.source.size - this.position);
      if (length <= 0) throw truncatedOnnx(this.source.label, this.position);
      this.window = this.source.read(this.position, length);
      this.windowStart = this.position;
      at = 0;
    }
    this.position++;
    return this.window[at] as number;
  }

  /** A varint as a number; exact up to 2^53, which lengths and tags never reach. */
  varint(): number {
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
