// Other tools that read and write ONNX models, as processes to measure: each loads the model, tidies or cuts
// it, and writes it again, as its documentation shows for models with external data. None is a dependency
// of this package; those that are not found are left out.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { measureProcess, measurePython } from './processes.mjs';

const save = `onnx.save(model, sys.argv[2], save_as_external_data=True, all_tensors_to_one_file=True,
          location='weights.bin', size_threshold=1024)`;

const PROGRAMS = {
  'onnx.load without weights': [
    'onnx',
    `import onnx, sys
onnx.load(sys.argv[1], load_external_data=False)`,
  ],
  'onnx.utils.extract_model, whole': [
    'onnx',
    `import onnx, onnx.utils, sys
graph = onnx.load(sys.argv[1], load_external_data=False).graph
weights = {t.name for t in graph.initializer}
inputs = [v.name for v in graph.input if v.name not in weights]
onnx.utils.extract_model(sys.argv[1], sys.argv[2], inputs, [v.name for v in graph.output], check_model=False)`,
  ],
  'onnx-graphsurgeon, clean-up': [
    'onnx_graphsurgeon',
    `import onnx, onnx_graphsurgeon as gs, sys
graph = gs.import_onnx(onnx.load(sys.argv[1]))
graph.cleanup().toposort()
model = gs.export_onnx(graph)
${save}`,
  ],
  'onnx-ir, load and save': [
    'onnx_ir',
    `import onnx_ir, sys
onnx_ir.save(onnx_ir.load(sys.argv[1]), sys.argv[2], external_data='weights.bin')`,
  ],
  OnnxSlim: [
    'onnxslim',
    `import onnxslim, sys
onnxslim.slim(sys.argv[1], sys.argv[2], save_as_external_data=True)`,
  ],
  'onnxsim from PyPI': [
    'onnxsim',
    `import onnx, onnxsim, sys
model, _ = onnxsim.simplify(onnx.load(sys.argv[1]))
${save}`,
  ],
};

const ONNXSIM = `const { simplify } = await import(process.argv[1]);
const fs = await import('node:fs');
const { model } = await simplify(fs.readFileSync(process.argv[2]));
fs.writeFileSync(process.argv[3], model);`;

/**
 * Peers that are there, by name.
 * @param options.python with onnx in it
 * @param options.graphsurgeon a folder that holds the package onnx_graphsurgeon
 * @param options.onnxsim the main file of the npm package onnxsim
 */
export function findPeers(model, scratch, { python, graphsurgeon, onnxsim }) {
  const things = {};
  const env = { ...process.env, ...(graphsurgeon && { PYTHONPATH: graphsurgeon }) };
  const out = path.join(scratch, 'peer');
  const into = (act) => () => {
    fs.mkdirSync(out, { recursive: true });
    try {
      return act(path.join(out, 'model.onnx'));
    } finally {
      fs.rmSync(out, { recursive: true, force: true });
    }
  };
  for (const [name, [needs, program]] of Object.entries(PROGRAMS)) {
    const version = versionOf(python, needs, env);
    if (version === undefined) console.log(`${name}: left out, ${python} has no ${needs}`);
    else
      things[`${name} (${version})`] = into((to) =>
        measurePython(python, program, [model, to], { env }),
      );
  }
  if (onnxsim === undefined) console.log('onnxsim: left out, see bench/README.md');
  else
    things['onnxsim from npm, the graph alone'] = into((to) =>
      measureProcess(['--input-type=module', '-e', ONNXSIM, path.resolve(onnxsim), model, to]),
    );
  return things;
}

function versionOf(python, module, env) {
  const { status, stdout } = spawnSync(
    python,
    ['-c', `import ${module}; print(${module}.__version__)`],
    { encoding: 'utf8', env },
  );
  return status === 0 ? stdout.trim() : undefined;
}
