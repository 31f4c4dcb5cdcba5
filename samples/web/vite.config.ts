import path from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const dist = path.resolve(import.meta.dirname, '../../dist');

/** With these a page may share memory between threads: https://web.dev/articles/coop-coep */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * Scripts are the page's own, and none is made of text; what is compiled is wasm. Nothing goes to other places. Styles
 * may stand in the document, since plots bring theirs.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The page says so itself, wherever it is served from. Workers take the policy that their own response has. */
const policyInPage: Plugin = {
  name: 'content-security-policy',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: policy },
      injectTo: 'head-prepend',
    },
  ],
};

// A page that is served without isolation runs on one thread; STEPFOLD_WEB_ISOLATION=off shows that.
const headers = {
  'Content-Security-Policy': policy,
  ...(process.env.STEPFOLD_WEB_ISOLATION === 'off' ? {} : isolation),
};

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [policyInPage],
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
