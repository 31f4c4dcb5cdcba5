// Run as a process of its own: opens a model or a bundle, makes a few calls, and says what memory it holds
// (Linux): node bench/resident.mjs '{"folder" | "model", "schedule", "calls", "sessionOptions", "shapes"}'
// Of a bundle, with "images": so many in turns, of one session, or with "sessions": true one of each; "worker": true
import fs from 'node:fs';
import * as ort from 'onnxruntime-node';
import { randomFeeds, scheduleBindings } from '../dist/src/evidence/measure/feeds.js';
import { openBundle } from '../dist/src/node.js';

const task = JSON.parse(process.argv[2]);
const { folder, model, schedule, calls, sessionOptions, shapes } = task;
const { images = 1, sessions = false, worker = false } = task;
const { source } = JSON.parse(fs.readFileSync(schedule, 'utf8'));
const bindings = scheduleBindings({ source }, shapes);
const feeds = randomFeeds(source.inputs, { ort, roles: source.roles, bindings, seed: 0 });
const start = performance.now();
const open = () =>
  model
    ? ort.InferenceSession.create(model, sessionOptions)
    : openBundle(folder, { sessionOptions, worker });
const opened = [await open()];
while (opened.length < images) opened.push(sessions ? await open() : opened[0].image());
const loading = performance.now() - start;
for (let call = 0; call < calls; call++) for (const image of opened) await image.run(feeds);
const status = fs.readFileSync('/proc/self/status', 'utf8');
const of = (field) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)[1]) * 1024;
const memory = { private: of('RssAnon'), mapped: of('RssFile'), peak: of('VmHWM') };
console.log(JSON.stringify({ ...memory, loading }));
for (const image of opened.reverse()) await image.release();
