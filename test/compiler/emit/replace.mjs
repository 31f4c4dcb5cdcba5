// A process that replaces one bundle by the files of another: `node replace.mjs FOLDER NEW`.
import fs from 'node:fs';
import path from 'node:path';
import { writeFolder } from '../../../dist/src/compiler/emit/folder.js';
import { writePieces } from '../../../dist/src/model/onnx/files.js';

const [folder, source] = process.argv.slice(2);
writeFolder(folder, true, (staging) => {
  for (const name of fs.readdirSync(source))
    writePieces([fs.readFileSync(path.join(source, name))], path.join(staging, name));
});
