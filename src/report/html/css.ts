/**
 * The page's style sheet: system fonts, light and dark, paper. Colours are chosen for a contrast of at least
 * 4.5:1 for text, and every colour is repeated by a letter or a word.
 */
export const css = `
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --surface: #ffffff; --sunken: #f3f4f5; --text: #1d2127; --dim: #59616b; --line: #dcdfe3; --link: #0a58b5;
  --critical: #a20d2c; --on-critical: #ffffff; --high: #d13c1d; --on-high: #ffffff; --medium: #f0c04a; --on-medium: #402e00;
  --low: #c9dff5; --on-low: #0c3e6e; --info: #e1e5ea; --on-info: #3b434d; --unknown: #e3d7f5; --on-unknown: #4d2c8a;
  --pass: #dff1e3; --on-pass: #1b6332; --accepted: #e3ecec; --on-accepted: #2f5656; --mark: #ffe08a; --on-mark: #2b2200;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131619; --surface: #1b1f24; --sunken: #14171b; --text: #e4e7eb; --dim: #9aa4af; --line: #30363d; --link: #7db8ff;
    --critical: #d42a4c; --on-critical: #ffffff; --high: #f0714f; --on-high: #2b0a00; --medium: #d9a62e; --on-medium: #231900;
    --low: #1f4a75; --on-low: #d3e7fb; --info: #353c45; --on-info: #cdd4dc; --unknown: #45307a; --on-unknown: #e6dafc;
    --pass: #1c3b27; --on-pass: #93d8a8; --accepted: #24403f; --on-accepted: #a9d3d1; --mark: #5c4a0c; --on-mark: #ffeeb0;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
code, pre, .at, figcaption { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.87em; }
pre code, code code { font-size: inherit; }
a { color: var(--link); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
h1, h2, h3, h4, p, ul, dl, dd, figure, pre { margin: 0; padding: 0; }
ul { list-style: none; }
header.page, main { max-width: 78rem; margin: 0 auto; padding: 0 1.5rem; }
header.page { padding-top: 1.75rem; }
.skip { position: absolute; left: -100vw; top: 0; background: var(--surface); padding: 0.5rem 1rem; z-index: 10; }
.skip:focus { left: 0; }
.brand { color: var(--dim); display: flex; gap: 0.4em; align-items: baseline; }
.brand b { color: var(--text); letter-spacing: 0.01em; }
.when { margin-left: auto; font-variant-numeric: tabular-nums; }
h1 { font-size: 1.75rem; line-height: 1.25; font-weight: 650; letter-spacing: -0.015em; margin-top: 0.75rem; text-wrap: balance; }
h2 { font-size: 1.15rem; font-weight: 650; margin: 2.5rem 0 0.75rem; }
.looked { color: var(--dim); margin-top: 0.25rem; overflow-wrap: anywhere; }
.tiles { display: flex; flex-wrap: wrap; gap: 0.75rem 2rem; margin-top: 1.25rem; }
.tiles ul { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.tile { display: flex; flex-direction: column; min-width: 4.6rem; padding: 0.4rem 0.75rem 0.5rem; border-radius: 6px; border: 1px solid var(--line); background: var(--surface); }
.tile b { font-size: 1.35rem; line-height: 1.3; font-weight: 650; font-variant-numeric: tabular-nums; }
.tile span { font-size: 0.8rem; }
.tile.zero { color: var(--dim); }
.tile.zero b { font-weight: 400; }
.critical:not(.finding):not(.zero) { background: var(--critical); color: var(--on-critical); border-color: transparent; }
.high:not(.finding):not(.zero) { background: var(--high); color: var(--on-high); border-color: transparent; }
.medium:not(.finding):not(.zero) { background: var(--medium); color: var(--on-medium); border-color: transparent; }
.low:not(.finding):not(.zero) { background: var(--low); color: var(--on-low); border-color: transparent; }
.info:not(.finding):not(.zero) { background: var(--info); color: var(--on-info); border-color: transparent; }
.cell.unknown, .badge.unknown, .tile.unknown:not(.zero), .toggle .unknown, .tile.gaps:not(.zero) { background: var(--unknown); color: var(--on-unknown); border-color: transparent; }
.cell.pass, .tile.pass:not(.zero), .tile.fixed:not(.zero) { background: var(--pass); color: var(--on-pass); border-color: transparent; }
.cell.accepted, .tile.accepted:not(.zero), .toggle .accepted, .badge.suppressed { background: var(--accepted); color: var(--on-accepted); border-color: transparent; }
.cell.notApplicable { color: var(--dim); }
.legend { display: flex; flex-wrap: wrap; gap: 0.3rem 1rem; color: var(--dim); font-size: 0.8rem; margin-bottom: 0.6rem; }
.legend span { display: inline-flex; align-items: center; gap: 0.35rem; }
.legend .cell { width: 1.25rem; height: 1.25rem; font-size: 0.7rem; }
.cell { display: flex; align-items: center; justify-content: center; width: 1.9rem; height: 1.6rem; border-radius: 4px; font-size: 0.8rem; font-weight: 650; font-style: normal; text-decoration: none; margin: 0 auto; }
.cell.pass, .cell.notApplicable { font-weight: 400; }
a.cell:hover { outline: 2px solid var(--text); outline-offset: 1px; }
.cell[aria-current] { outline: 2px solid var(--text); outline-offset: 1px; }
.scroll { overflow: auto; max-height: 34rem; border: 1px solid var(--line); border-radius: 8px; background: var(--surface); }
.matrix table { border-collapse: separate; border-spacing: 0; min-width: 100%; }
.matrix th, .matrix td { padding: 2px 3px; }
.matrix thead th { position: sticky; top: 0; z-index: 2; background: var(--surface); border-bottom: 1px solid var(--line); vertical-align: bottom; font-weight: 400; font-size: 0.8rem; }
.matrix .corner { left: 0; z-index: 3; text-align: left; padding: 0.5rem 0.75rem; color: var(--dim); }
.matrix .area > span, .matrix .area button { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; text-align: left; margin: 0 auto; padding: 0.4rem 0; }
.matrix .area { height: 9.5rem; }
.matrix .area button > span { display: inline; }
.matrix .area button { font: inherit; color: inherit; background: none; border: 0; cursor: pointer; border-radius: 4px; }
.matrix .area button:hover { text-decoration: underline; }
.matrix .area button[aria-current] { background: var(--info); color: var(--on-info); }
.matrix tbody th { position: sticky; left: 0; z-index: 1; background: var(--surface); text-align: left; font-weight: 400; padding: 2px 0.75rem; max-width: 19rem; min-width: 8rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; border-right: 1px solid var(--line); }
.matrix tbody th small { color: var(--dim); margin-left: 0.5em; }
.matrix tbody th a { color: inherit; text-decoration: none; }
.matrix tbody th a:hover, .matrix tbody th a[aria-current] { text-decoration: underline; }
.matrix tbody th a[aria-current] { font-weight: 650; }
.matrix tbody tr:hover th, .matrix tbody tr:hover td { background: var(--sunken); }
.matrix tr > :nth-child(7), .matrix tr > :last-child { padding-left: 0.8rem; }
.findings:focus { outline: none; }
.filters { position: sticky; top: 0; z-index: 5; background: var(--page); border-bottom: 1px solid var(--line); padding: 0.6rem 0; display: flex; flex-wrap: wrap; gap: 0.5rem 1.25rem; align-items: end; font-size: 0.87rem; }
.filters fieldset { border: 0; margin: 0; padding: 0; display: flex; gap: 0.25rem; }
.filters legend, .filters .label { display: block; padding: 0; color: var(--dim); font-size: 0.78rem; margin-bottom: 0.15rem; }
.filters input[type="search"], .filters select, .filters button { font: inherit; color: inherit; background: var(--surface); border: 1px solid var(--line); border-radius: 5px; padding: 0.25rem 0.5rem; height: 2rem; }
.filters .search input { width: 15rem; max-width: 100%; }
.filters select { max-width: 11rem; }
.filters button { cursor: pointer; }
.selects { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.toggle { position: relative; cursor: pointer; }
.toggle input { position: absolute; inset: 0; opacity: 0; margin: 0; cursor: pointer; }
.toggle span { display: flex; align-items: center; height: 2rem; padding: 0 0.6rem; border-radius: 5px; border: 1px solid transparent; }
.toggle .fail { background: var(--info); color: var(--on-info); }
.toggle input:not(:checked) + span { background: none !important; color: var(--dim) !important; border-color: var(--line) !important; text-decoration: line-through; }
.toggle input:focus-visible + span { outline: 2px solid var(--link); outline-offset: 2px; }
.showing { display: flex; align-items: center; gap: 0.75rem; margin-left: auto; min-height: 2rem; color: var(--dim); font-variant-numeric: tabular-nums; }
.subject { margin-top: 1.75rem; content-visibility: auto; contain-intrinsic-size: auto 40rem; scroll-margin-top: 8rem; }
.subject > header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.2rem 0.75rem; margin-bottom: 0.6rem; }
.subject h3 { font-size: 1.1rem; font-weight: 650; overflow-wrap: anywhere; }
.kind, .at { color: var(--dim); font-size: 0.87rem; overflow-wrap: anywhere; }
.counts { display: flex; flex-wrap: wrap; gap: 0.3rem; margin-left: auto; }
.badge { display: inline-block; padding: 0 0.5rem; border-radius: 4px; font-size: 0.78rem; line-height: 1.5rem; font-weight: 600; white-space: nowrap; }
.finding, .gap { background: var(--surface); border: 1px solid var(--line); border-left-width: 4px; border-radius: 6px; padding: 0.7rem 1rem 0.8rem; margin-top: 0.5rem; scroll-margin-top: 8rem; }
.finding.critical.fail { border-left-color: var(--critical); }
.finding.high.fail { border-left-color: var(--high); }
.finding.medium.fail { border-left-color: var(--medium); }
.finding.low.fail { border-left-color: var(--low); }
.finding.unknown, .gap { border-left-color: var(--unknown); }
.finding.suppressed { border-left-color: var(--accepted); }
.finding:target { outline: 2px solid var(--link); }
.finding > header { display: flex; flex-wrap: wrap; align-items: center; gap: 0.2rem 0.6rem; }
.finding h4 { font-size: 1rem; font-weight: 600; min-width: 0; overflow-wrap: anywhere; }
.what { min-width: 0; }
.facts { display: flex; flex-wrap: wrap; gap: 0 0.8rem; margin-left: auto; color: var(--dim); font-size: 0.82rem; }
.tag { font-size: 0.78rem; border: 1px solid currentColor; border-radius: 4px; padding: 0 0.4rem; line-height: 1.35rem; }
.message { margin-top: 0.3rem; max-width: 80ch; overflow-wrap: anywhere; }
.places { display: grid; gap: 0.4rem; margin-top: 0.5rem; }
figure { min-width: 0; }
figcaption { color: var(--dim); font-size: 0.8rem; overflow-wrap: anywhere; }
pre { overflow-x: auto; background: var(--sunken); border-radius: 5px; padding: 0.35rem 0.75rem; tab-size: 4; }
figure pre { display: flex; margin-top: 0.1rem; }
.line { color: var(--dim); user-select: none; margin-right: 1rem; min-width: 2ch; text-align: right; flex: none; }
mark { background: var(--mark); color: var(--on-mark); border-radius: 2px; box-shadow: 0 2px 0 var(--high); }
mark.point { padding: 0 1px; }
.views { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: 0.5rem; margin-top: 0.6rem; }
.views li { border: 1px solid var(--line); border-radius: 5px; padding: 0.3rem 0.75rem 0.4rem; display: grid; grid-template-columns: 1fr auto; gap: 0 0.5rem; }
.views .seen small { display: block; color: var(--dim); font-weight: 400; font-size: 0.8rem; }
.views .level, .views .verdict { color: var(--dim); font-size: 0.8rem; }
.views .seen { grid-column: 1 / -1; grid-row: 2; font-weight: 600; overflow-wrap: anywhere; }
.views .fail { border-color: var(--high); }
.views .pass { border-color: var(--on-pass); }
.advice { display: grid; grid-template-columns: auto 1fr; gap: 0.2rem 0.75rem; margin-top: 0.6rem; font-size: 0.93rem; }
.advice dt { color: var(--dim); }
.advice dd { min-width: 0; max-width: 80ch; overflow-wrap: anywhere; }
.note, .breaks { color: var(--dim); font-size: 0.87rem; }
.breaks { display: block; margin-top: 0.2rem; }
.snippet { margin: 0.25rem 0; }
.accepted.accepted:not(.cell):not(.tile):not(span) { margin-top: 0.3rem; color: var(--on-accepted); background: var(--accepted); border-radius: 5px; padding: 0.2rem 0.75rem; width: fit-content; max-width: 100%; font-size: 0.93rem; overflow-wrap: anywhere; }
.rest { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 0.9rem; margin-top: 0.75rem; padding: 0 0.25rem; color: var(--dim); font-size: 0.82rem; }
.rest dd { min-width: 0; overflow-wrap: anywhere; }
.rest a { color: inherit; text-decoration: none; }
.rest a:hover { text-decoration: underline; }
.rest .reason { display: block; }
.proven { display: block; }
.proven summary { cursor: pointer; }
.proven dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 0.9rem; margin-top: 0.4rem; }
dd pre code { padding: 0; background: none; }
dd :not(pre) > code, dd > code, p code { background: var(--sunken); border-radius: 3px; padding: 0.05em 0.25em; }
.narrowed .rest { display: none; }
.empty { color: var(--dim); margin-top: 1.5rem; }
.fixed li { overflow-wrap: anywhere; }
.glossary { margin-bottom: 4rem; }
.glossary article { padding: 0.8rem 0; border-top: 1px solid var(--line); scroll-margin-top: 1rem; content-visibility: auto; contain-intrinsic-size: auto 8rem; }
.glossary h3 { font-size: 1rem; font-weight: 600; }
.glossary h3 code { color: var(--dim); font-weight: 400; margin-left: 0.4rem; }
.glossary p { max-width: 80ch; margin-top: 0.2rem; }
.references { font-size: 0.87rem; margin-top: 0.2rem; overflow-wrap: anywhere; }
@media (min-width: 64rem) {
  .body { display: grid; grid-template-columns: minmax(0, 11fr) minmax(0, 10fr); gap: 0 2rem; }
  .advice { margin-top: 0.3rem; align-content: start; }
}
@media (max-width: 46rem) {
  .finding h4 { flex: 1 1 10rem; }
  .facts { width: 100%; }
  body { font-size: 14px; }
  header.page, main { padding-left: 0.9rem; padding-right: 0.9rem; }
  h1 { font-size: 1.4rem; }
  .tile { min-width: 3.6rem; padding: 0.3rem 0.55rem; }
  .filters { position: static; }
  .filters fieldset { flex-wrap: wrap; }
  .filters .search, .filters .search input { width: 100%; }
  .selects, .selects label, .filters select { width: 100%; max-width: none; }
  .selects { display: grid; grid-template-columns: 1fr 1fr; }
  .showing { margin-left: 0; }
  .counts, .facts { margin-left: 0; }
  .matrix tbody th { max-width: 8.5rem; min-width: 6rem; }
  .finding, .gap { padding: 0.6rem 0.75rem 0.7rem; }
  .subject, .finding { scroll-margin-top: 1rem; }
  .rest { grid-template-columns: 1fr; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media print {
  :root { color-scheme: light; }
  @page { margin: 14mm 12mm; }
  html { font-size: 10.5px; }
  body { background: #fff; font-size: 8.5pt; line-height: 1.4; }
  .finding h4, .glossary h3 { font-size: 9.5pt; }
  .tile span, .badge, .facts, figcaption, .note, .breaks, .rest { font-size: 7.5pt; }
  .badge { line-height: 1.5; }
  .body { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 1.5rem; }
  .advice { margin-top: 0.3rem; align-content: start; font-size: 8pt; }
  .finding, .gap { padding: 0.5rem 0.8rem 0.6rem; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  header.page, main { max-width: none; padding: 0; }
  .filters, .skip, .showing { display: none !important; }
  .subject, .glossary article { content-visibility: visible; }
  .scroll { max-height: none; overflow: visible; border: 0; }
  .matrix thead th, .matrix tbody th { position: static; }
  .matrix .cell { width: 1.35rem; height: 1.15rem; font-size: 0.7rem; }
  .matrix th, .matrix td { padding: 1px; }
  .matrix tbody th { max-width: 9rem; padding-right: 0.4rem; }
  .matrix thead th { font-size: 7.5pt; }
  .matrix .area { height: 7.5rem; }
  .matrix tr > :nth-child(7), .matrix tr > :last-child { padding-left: 0.4rem; }
  tr, .finding, .gap, .glossary article { break-inside: avoid; }
  h2, h3, .subject > header { break-after: avoid; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; overflow: visible; }
  a { color: inherit; text-decoration: none; }
}
`;
