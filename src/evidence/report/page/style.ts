/** Looks of the pages, light or dark as the reader prefers, and in print. */
import { Markup } from './html.js';

export const STYLE = new Markup(`
:root{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--faint:#59636e;--line:#d1d9e0;--panel:#f6f8fa;--accent:#0969da;
--same:#eef1f4;--removed:#ffd8d3;--removed-ink:#a40e26;--inserted:#d2f4d9;--inserted-ink:#116329;--changed:#fff0b3;--changed-ink:#7d4e00;--source:#8250df;--bundle:#0969da}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--faint:#9198a1;--line:#3d444d;--panel:#151b23;--accent:#4493f8;
--same:#21262d;--removed:#5d1a1d;--removed-ink:#ffb3ad;--inserted:#12432a;--inserted-ink:#8ddb9b;--changed:#4f3a05;--changed-ink:#f2cc60;--source:#ab7df8;--bundle:#4493f8}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1.5rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0 0 .5rem;overflow-wrap:anywhere}h2{font-size:1.2rem;margin:2.5rem 0 .75rem;border-bottom:1px solid var(--line);padding-bottom:.3rem}h3{font-size:1rem;margin:1.5rem 0 .5rem}
p{max-width:60rem}a{color:var(--accent)}nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:1rem 0}
code,pre{font:12.5px/1.45 ui-monospace,monospace}pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.75rem;overflow:auto;max-height:32rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;margin:.75rem 0}th,td{padding:.25rem .9rem .25rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}th{font-weight:600}.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
figure{margin:1rem 0}figcaption,footer,.faint{color:var(--faint);font-size:.9em;max-width:60rem}
details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0;padding:.4rem .75rem}summary{cursor:pointer;overflow-wrap:anywhere}details[open]>summary{margin-bottom:.5rem}
details:has(:target){border-color:var(--accent);outline:2px solid var(--accent)}details>div{scroll-margin-top:4rem}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.keys{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;margin:.75rem 0}.keys i{display:inline-block;width:.9em;height:.9em;margin-right:.4em;vertical-align:-.1em;border:1px solid var(--faint)}
.small{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:flex-start}.pictures{display:flex;flex-wrap:wrap;gap:1rem}.pictures img{image-rendering:pixelated;max-width:100%;height:auto;border:1px solid var(--line)}
footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:.5rem}
@media print{body{max-width:none}pre{max-height:none}}
`);
