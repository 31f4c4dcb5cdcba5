// Run as a process of its own: opens a model or a bundle, makes a few calls, and says what memory it holds
// (Linux): node bench/resident.mjs '{"folder" | "model", "schedule", "calls", "sessionOptions", "shapes"}'
import fs from 'node:fs';
import * as ort from 'onnxruntime-node';
import { randomFeeds, scheduleBindings } from '../dist/src/evidence/measure/feeds.js';
import { openBundle } from '../dist/src/node.js';

const { folder, model, schedule, calls, sessionOptions, shapes } = JSON.parse(process.argv[2]);
const { source } = JSON.parse(fs.readFileSync(schedule, 'utf8'));
const bindings = scheduleBindings({ source }, shapes);
const feeds = randomFeeds(source.inputs, { ort, roles: source.roles, bindings, seed: 0 });
const start = performance.now();
const session = model
  ? await ort.InferenceSession.create(model, sessionOptions)
  : await openBundle(folder, { sessionOptions });
const loading = performance.now() - start;
for (let call = 0; call < calls; call++) await session.run(feeds);
const status = fs.readFileSync('/proc/self/status', 'utf8');
const of = (field) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)[1]) * 1024;
const memory = { private: of('RssAnon'), mapped: of('RssFile'), peak: of('VmHWM') };
console.log(JSON.stringify({ ...memory, loading }));
