// Files that are no files: pipes that nobody writes to, devices that never end, folders, links round in a
// circle or to any of these, in the place of one that a command reads. Each is refused, and nothing waits.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { encodeModel, parseModel } from '../../dist/src/index.js';
import * as corpus from './corpus.mjs';
import * as drive from './drive.mjs';

const KINDS = {
  pipe: (place) => execFileSync('mkfifo', [place]),
  'link to a pipe': (place) => {
    execFileSync('mkfifo', [`${place}.pipe`]);
    fs.symlinkSync(`${path.basename(place)}.pipe`, place);
  },
  folder: (place) => fs.mkdirSync(place),
  'device without end': (place) => fs.symlinkSync('/dev/zero', place),
  'empty device': (place) => fs.symlinkSync('/dev/null', place),
  terminal: (place) => fs.symlinkSync('/dev/ptmx', place),
  'circle of links': (place) => fs.symlinkSync(path.basename(place), place),
  'link to nothing': (place) => fs.symlinkSync('nothing', place),
};

/** The same model with its weights in `weights.bin`, which stands beside every input. */
const EXTERNAL = `<ir_version: 8, opset_import: ["": 17]>
g (float[batch,2,height,width] x) => (float[batch,2,height,width] y)
<float[2,2,1,1] w = ["location": "weights.bin", "offset": "0", "length": "16"]> {
  y = Conv (x, w)
}`;

const write = (folder, name, text) => {
  const file = path.join(folder, 'in', name);
  fs.writeFileSync(file, encodeModel(parseModel(text)));
  return file;
};

/** By place: what has to be there beside it, where the special file goes, and what is done. */
const PLACES = {
  model: {
    lay: (folder) => ({ file: path.join(folder, 'in/model.onnx'), special: 'in/model.onnx' }),
    act: (report, place) => drive.driveModel(report, place),
  },
  'external data': {
    lay: (folder) => ({
      file: write(folder, 'model.onnx', EXTERNAL),
      special: 'in/weights.bin',
    }),
    act: (report, place) => drive.driveModel(report, { ...place, origin: 'unet' }),
  },
  ...Object.fromEntries(
    ['schedule.json', 'report.json', 'weights.bin', 'full.onnx', 'shallow.onnx'].map((name) => [
      name,
      {
        lay: (folder, root) => {
          const from = path.join(root, 'bundles/split');
          const bundle = path.join(folder, 'in/bundle');
          fs.cpSync(from, bundle, { recursive: true });
          return { bundle, model: `${from}.source.onnx`, special: `in/bundle/${name}` };
        },
        act: drive.driveBundle,
      },
    ]),
  ),
  plan: {
    lay: (folder) => ({
      model: write(folder, 'unet.onnx', corpus.UNET.text),
      file: path.join(folder, 'in/plan.json'),
      special: 'in/plan.json',
    }),
    act: drive.drivePlan,
  },
  timesteps: {
    lay: (folder) => ({
      model: write(folder, 'unet.onnx', corpus.UNET.text),
      file: path.join(folder, 'in/timesteps.json'),
      special: 'in/timesteps.json',
    }),
    act: drive.driveTimesteps,
  },
  'other files': {
    lay: (folder) => ({ file: path.join(folder, 'in/given'), special: 'in/given' }),
    act: drive.driveGiven,
  },
  picture: {
    lay: (folder) => {
      const pictures = path.join(folder, 'in');
      fs.writeFileSync(path.join(pictures, 'a-source.png'), '');
      return { pictures, special: 'in/a-bundle.png' };
    },
    act: drive.drivePairs,
  },
  'pipeline folder': {
    lay: (folder) => {
      const pipeline = path.join(folder, 'in/pipeline');
      fs.mkdirSync(path.join(pipeline, 'unet'), { recursive: true });
      fs.mkdirSync(path.join(pipeline, 'scheduler'));
      fs.writeFileSync(path.join(pipeline, 'model_index.json'), '{}');
      write(folder, 'pipeline/unet/model.onnx', corpus.UNET.text);
      return { pipeline, special: 'in/pipeline/scheduler/scheduler_config.json' };
    },
    act: drive.drivePipeline,
  },
};

export const SPECIAL_FILES = {
  make: (c, root) => ({
    place: c.pick(Object.keys(PLACES)),
    kind: c.pick(Object.keys(KINDS)),
    root,
  }),
  bytes: ({ place, kind }) => new TextEncoder().encode(`${kind} as ${place}\n`),
  file: 'in/which.txt',
  prepare: ({ place, kind, root }, folder) => {
    const { special, ...rest } = PLACES[place].lay(folder, root);
    const at = path.join(folder, special);
    fs.rmSync(at, { force: true });
    KINDS[kind](at);
    // the special file must not be written to, as the file of an input is
    return { rest, act: PLACES[place].act };
  },
  drive: (report, { act, rest, ...place }) => act(report, { ...place, ...rest }),
  weight: 3,
};
