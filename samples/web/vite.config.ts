import path from 'node:path';
import { defineConfig } from 'vite';

const dist = path.resolve(import.meta.dirname, '../../dist');

/** With these a page may share memory between threads: https://web.dev/articles/coop-coep */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

// A page that is served without them runs on one thread; STEPFOLD_WEB_ISOLATION=off shows that.
const headers = process.env.STEPFOLD_WEB_ISOLATION === 'off' ? {} : isolation;

export default defineConfig({
  root: import.meta.dirname,
  base: './/',
  resolve: {
    // what an `import 'stepfold'` is in a project that depends on it
    alias: [
      { find: /^stepfold$/, replacement: path.join(dist, 'src/index.js') },
      { find: /^stepfold\/passes$/, replacement: path.join(dist, 'passes/index.js') },
      { find: /^stepfold\/runtime$/, replacement: path.join(dist, 'src/runtime.js') },
      { find: /^stepfold\/report$/, replacement: path.join(dist, 'src/report.js') },
    ],
    // the engine's wasm lies beside the page (public/ort), not inside the script
    conditions: ['onnxruntime-web-use-extern-wasm', 'browser', 'module', 'import', 'default'],
  },
  worker: { format: 'es' },
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2023', chunkSizeWarningLimit: 1500 },
  server: { headers },
  preview: { headers },
});
