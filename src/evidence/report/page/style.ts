/** Looks of the pages, light or dark as the reader prefers, on any width and in print. */
import { Markup } from './html.js';

export const STYLE = new Markup(`
:root{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--faint:#59636e;--line:#d1d9e0;--panel:#f6f8fa;--accent:#0969da;--shade:#1f232840;
--same:#eef1f4;--removed:#ffd8d3;--removed-ink:#a40e26;--inserted:#d2f4d9;--inserted-ink:#116329;--changed:#fff0b3;--changed-ink:#7d4e00;--source:#8250df;--bundle:#0969da}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--faint:#9198a1;--line:#3d444d;--panel:#151b23;--accent:#4493f8;--shade:#0008;
--same:#21262d;--removed:#5d1a1d;--removed-ink:#ffb3ad;--inserted:#12432a;--inserted-ink:#8ddb9b;--changed:#4f3a05;--changed-ink:#f2cc60;--source:#ab7df8;--bundle:#4493f8}}
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:70rem;padding:clamp(.9rem,3vw,1.75rem);background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;overflow-wrap:break-word}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem;overflow-wrap:anywhere}h2{font-size:1.2rem;margin:2.25rem 0 .75rem}h3{font-size:1rem;margin:1.5rem 0 .5rem}
p{max-width:52rem;margin:.6rem 0}a{color:var(--accent)}nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:1rem 0}
code,pre{font:12.5px/1.45 ui-monospace,monospace}code{overflow-wrap:anywhere}pre code{overflow-wrap:normal}pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.75rem;overflow:auto;max-height:32rem}.commands{white-space:pre-wrap;overflow-wrap:anywhere}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(15rem,100%),1fr));gap:.75rem;margin:1rem 0}.cards>div{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:.75rem 1rem}.cards dt{font-weight:600}.cards dd{margin:0}@media (max-width:34rem){.cards>div{display:grid;grid-template-columns:7rem 1fr;column-gap:.75rem;align-items:center}.cards dt{grid-column:1/-1}}.cards .figure{font-size:clamp(1.6rem,4vw,2rem);line-height:1.25;font-weight:600;font-variant-numeric:tabular-nums}
.verdict{font-size:1.05rem}
.scroll{overflow-x:auto;margin:.75rem 0}.scroll:focus-visible,pre:focus-visible{outline-offset:-2px}
@property --to{syntax:"<length>";inherits:false;initial-value:0px}
@keyframes more{0%,95%{--to:2.5rem}100%{--to:0px}}
@supports (animation-timeline:scroll(self inline)){.scroll{-webkit-mask-image:linear-gradient(to right,#000 calc(100% - var(--to)),transparent);mask-image:linear-gradient(to right,#000 calc(100% - var(--to)),transparent);animation:more linear;animation-timeline:scroll(self inline)}}
@supports not (animation-timeline:scroll(self inline)){.scroll{background:linear-gradient(to right,var(--paper) 40%,transparent) left/2.5rem 100% no-repeat local,linear-gradient(to left,var(--paper) 40%,transparent) right/2.5rem 100% no-repeat local,linear-gradient(to right,var(--shade),transparent) left/.8rem 100% no-repeat scroll,linear-gradient(to left,var(--shade),transparent) right/.8rem 100% no-repeat scroll}}
.scroll>table{width:max-content;max-width:max(100%,34rem)}table{border-collapse:collapse}th,td{padding:.3rem 1.1rem .3rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}thead th{font-weight:600}tbody th{font-weight:400}.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}thead .number{white-space:normal;min-width:4.5rem}@media (max-width:34rem){th:first-child,thead td:first-child{position:sticky;left:0;background:var(--paper);max-width:42vw}}
figure{margin:1rem 0}figcaption,footer,.faint{color:var(--faint);font-size:.9em;max-width:52rem}svg{display:block}.scroll svg{max-width:none}
details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0;padding:.4rem .75rem;min-width:0}summary{cursor:pointer;overflow-wrap:anywhere}details[open]>summary{margin-bottom:.5rem}
.part{padding:.6rem .9rem;margin:.6rem 0}.part>summary h2{display:inline;font-size:1.05rem;margin:0 .5rem 0 0}
details:has(:target){border-color:var(--accent);outline:2px solid var(--accent)}.part:has(:target){outline:none}details>div{scroll-margin-top:4rem}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.keys{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;margin:.75rem 0}.keys i{display:inline-block;min-width:1.35em;height:1.35em;margin-right:.4em;border:1px solid #8b949e;font:11px/1.35em ui-monospace,monospace;text-align:center;vertical-align:.05em}
.small{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:flex-start}.small>figure{max-width:100%}
.plan .row{display:flex;width:max-content}.plan .names{position:sticky;left:0;background:var(--paper);z-index:1}
.pictures{display:grid;grid-template-columns:repeat(var(--columns),minmax(0,21.5rem));gap:.9rem clamp(.5rem,2vw,1.25rem);align-items:start;margin:.75rem 0}.pictures figure{margin:0;position:relative}.pictures p{margin:0}
.picture{background:var(--panel)}.picture img{display:block;width:100%;height:100%;object-fit:contain}.pixels{image-rendering:pixelated}
.held[popover]:not(:popover-open){display:block;position:static;inset:auto;width:100%;height:100%;margin:0;padding:0;border:1px solid var(--line);overflow:hidden;color:inherit;background:none}
.held:popover-open{position:fixed;inset:0;width:100vw;height:100dvh;max-width:none;max-height:none;margin:0;padding:1rem;border:0;background:var(--paper);color:var(--ink);display:grid;grid-template-rows:1fr auto;gap:.5rem}
.held:popover-open img{min-height:0;width:100%;height:100%;max-height:calc(100dvh - 5rem)}.held>p{display:none}.held:popover-open>p{display:flex;gap:1rem;align-items:center;justify-content:center;max-width:none}
.enlarge{position:absolute;inset:0 0 auto;width:100%;cursor:zoom-in;background:none;border:0;padding:0}.enlarge span{position:absolute;right:.25rem;bottom:.25rem;width:1.5em;height:1.5em;text-align:center;font:600 .9rem/1.5 system-ui,sans-serif;color:#fff;background:#000a;border-radius:4px}
.shut{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.3rem .9rem;cursor:pointer}
footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:.5rem}
@media print{body{max-width:none;padding:0}pre{max-height:none}.enlarge{display:none}.part::details-content{content-visibility:visible;block-size:auto}.part{break-inside:auto}.part>summary{list-style:none}.scroll{overflow:visible;mask-image:none;-webkit-mask-image:none}figure,.cards,tr{break-inside:avoid}.scroll>svg,.plan{zoom:.8}}
`);
