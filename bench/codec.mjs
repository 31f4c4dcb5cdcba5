// Reading and writing the graph of a model by tables of fields, beside protobufjs's reflection, which makes code of
// its tables: processor time in turn, medians, and the median of the ratios.
import fs from 'node:fs';
import path from 'node:path';
import protobuf from 'protobufjs/light.js';
import {
  decodeMessage,
  encodeMessage,
  fieldsOf,
  MESSAGES,
} from '../dist/src/model/onnx/descriptor.js';

const [name = 'sdxl-unet'] = process.argv.slice(2);
const file = path.join(import.meta.dirname, `../samples/architectures/${name}.onnx`);
const bytes = new Uint8Array(fs.readFileSync(file));

function reflection() {
  const root = new protobuf.Root();
  for (const message of Object.keys(MESSAGES)) {
    const type = new protobuf.Type(message);
    for (const { name, id, type: of, repeated, packed } of fieldsOf(message)) {
      const options = { ...(repeated && { packed }), features: { utf8_validation: 'VERIFY' } };
      const rule = repeated ? 'repeated' : 'optional';
      type.add(new protobuf.Field(name, id, of, rule, undefined, options));
    }
    root.add(type);
  }
  return root.resolveAll().lookupType('Model');
}

const type = reflection();
const ways = {
  reflection: {
    read() {
      const reader = protobuf.Reader.create(bytes);
      reader.discardUnknown = false;
      return type.decode(reader);
    },
    write: (message) => type.encode(message).finish(),
  },
  tables: { read: () => decodeMessage(bytes), write: encodeMessage },
};

function timed(work) {
  const before = process.cpuUsage();
  const made = work();
  const { user, system } = process.cpuUsage(before);
  return { made, ms: (user + system) / 1e3 };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const rounds = Array.from({ length: 21 }, () =>
  Object.fromEntries(
    Object.entries(ways).map(([way, { read, write }]) => {
      const message = timed(read);
      return [way, { read: message.ms, write: timed(() => write(message.made)).ms }];
    }),
  ),
).slice(1);
for (const what of ['read', 'write']) {
  const of = (way) => median(rounds.map((round) => round[way][what])).toFixed(0);
  const ratio = median(rounds.map(({ reflection, tables }) => tables[what] / reflection[what]));
  console.log(
    `${name}, ${what}: reflection ${of('reflection')} ms, tables ${of('tables')} ms, ${ratio.toFixed(2)}x`,
  );
}
