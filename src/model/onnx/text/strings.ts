/**
 * Byte strings as text and back. Text is UTF-8; a byte that is not part of valid UTF-8 becomes the
 * lone surrogate U+DC80..U+DCFF, Python's "surrogateescape" (PEP 383), so that every byte string
 * comes back the same. Such a text must stay in memory: encoding it as UTF-8 loses those bytes.
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const ESCAPED = /[\udc80-\udcff]/u;

export function bytesToText(bytes: Uint8Array): string {
  return decodeStrict(bytes) ?? escapeInvalid(bytes);
}

function decodeStrict(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

function escapeInvalid(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] as number;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const character = decodeStrict(bytes.subarray(at, at + length));
    parts.push(character ?? String.fromCharCode(0xdc00 + lead));
    at += character === undefined ? 1 : length;
  }
  return parts.join('');
}

export function textToBytes(text: string): Uint8Array {
  if (!ESCAPED.test(text)) return encoder.encode(text);
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}
