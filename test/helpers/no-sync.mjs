/**
 * Preloaded by tests, and by the commands that they run: what they write is gone before any power could fail, so that nothing
 * waits for the disk. Which files are synced, and before which renames, test/compiler/emit/folder.test.ts looks at.
 */
import fs from 'node:fs';

fs.fsyncSync = () => {};
