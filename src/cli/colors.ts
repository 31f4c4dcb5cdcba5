/**
 * Colours for a terminal, and for nobody else: what is piped into a file or read by a program stays
 * plain. NO_COLOR turns them off everywhere, FORCE_COLOR on. (picocolors by itself also colours
 * whatever runs under CI.)
 */
import picocolors from 'picocolors';

function wantsColor(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0';
  return stream.isTTY === true && TERM !== 'dumb';
}

export const colors = picocolors.createColors(wantsColor(process.stdout));
export const errorColors = picocolors.createColors(wantsColor(process.stderr));
