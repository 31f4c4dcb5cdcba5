/** Are the inputs that a bundle keeps inputs of its models? */
import path from 'node:path';
import { feedType, feedUnknown } from '../../errors/index.js';
import { readNpy } from '../../io/npy.js';
import { readRegular } from '../../io/regular-file.js';
import { readDefaults } from '../../runtime/node/index.js';
import type { Schedule } from '../../runtime/schedule/index.js';

/**
 * Sizes are those of whatever loop is run, and are looked at there.
 * @throws the DEFAULTS_ and NPY_ errors, FILE_NOT_FOUND, FILE_UNREADABLE, FEED_UNKNOWN, FEED_TYPE
 */
export function checkKeptInputs(folder: string, { source }: Schedule): void {
  const { feeds = {}, unconditional = {} } = readDefaults(folder) ?? {};
  for (const [name, one] of [feeds, unconditional].flatMap((half) => Object.entries(half))) {
    const port = source.inputs.find((input) => input.name === name);
    if (!port)
      throw feedUnknown(
        name,
        source.inputs.map((input) => input.name),
      );
    if (typeof one !== 'string') continue;
    const file = path.join(folder, one);
    const { type } = readNpy(readRegular(file), file);
    if (type !== port.type) throw feedType(name, type, port.type);
  }
}
