/** The page: what the browser can do, then its two parts. */
import './page/style.css';
import { startCompile } from './compile/compile.js';
import { describe, findCapabilities } from './page/capabilities.js';
import { byId } from './page/dom.js';
import { showFirst } from './watch/first-drawing.js';
import { startWatch } from './watch/watch.js';

const capabilities = await findCapabilities();
byId('engine', HTMLParagraphElement).textContent = describe(capabilities);
startWatch(capabilities);
startCompile();
await showFirst();
document.documentElement.dataset.ready = 'true';
