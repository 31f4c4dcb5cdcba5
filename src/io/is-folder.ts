/** Is there a folder at a path? No for a path that leads through a file or cannot be one. */
import fs from 'node:fs';

export const isFolder = (place: string): boolean =>
  fs.existsSync(place) && fs.statSync(place).isDirectory();
