"""How a report's page looks: colours that colour-blind eyes tell apart, light and dark, on paper too."""

STYLE = """
:root { color-scheme: light dark; --page: #fff; --ink: #1f2530; --faint: #5d6675; --line: #d9dee6; --panel: #f5f7fa;
  --made: #c04a00; --real: #2f7fc1; --shuffled: #9aa3b0; --floor: #dfe5ee; --loud: #fff4d6; --loud-line: #b26a00;
  --good: #00714f; --close: #7a5c00; --bad: #a02c78; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171d; --ink: #e6e9ef; --faint: #a2abba; --line: #343b47; --panel: #1d222b;
    --made: #ff9150; --real: #6db8f2; --shuffled: #838d9c; --floor: #2d3542; --loud: #33280d; --loud-line: #e0a030;
    --good: #4fd0a2; --close: #e3bd52; --bad: #f08cc8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 76rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .25rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .1rem; }
p { margin: .35rem 0; max-width: 48rem; }
a { color: inherit; }
.faint, .why, figcaption, caption { color: var(--faint); font-size: .875rem; }
.remarks { margin: 1.25rem 0; padding: .75rem 1rem; background: var(--loud); border: 2px solid var(--loud-line);
  border-radius: .4rem; }
.remarks h2 { margin: 0; font-size: 1.05rem; }
.remarks ul { margin: .25rem 0 0; padding-left: 1.25rem; }
.remarks li:first-child { font-weight: 600; }
.summary { font-size: 1.06rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; padding: 0; margin: 1rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: .75rem; }
caption { text-align: left; padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .7rem .5rem 0; border-bottom: 1px solid var(--line); }
thead th { font-size: .8rem; color: var(--faint); border-bottom: 2px solid var(--line); white-space: nowrap; }
tbody th { font-weight: 600; min-width: 15rem; max-width: 22rem; overflow-wrap: break-word; }
.why { font-weight: 400; line-height: 1.35; max-width: 21rem; }
td { font-variant-numeric: tabular-nums; white-space: nowrap; }
td.drawing { vertical-align: middle; }
td small { display: block; color: var(--faint); font-size: .8rem; }
td.verdict { white-space: normal; min-width: 9rem; font-weight: 600; }
.alike { color: var(--good); } .slight { color: var(--close); } .apart { color: var(--bad); }
.open, .unknown { color: var(--faint); }
.sign { display: inline-block; width: 1.2em; }
svg { display: block; max-width: 100%; height: auto; }
svg.strip { max-width: none; }
svg text { fill: var(--faint); font-size: 11px; font-family: inherit; }
svg .made { fill: var(--made); stroke: var(--made); } svg .real { fill: var(--real); stroke: var(--real); }
svg .shuffled { fill: var(--shuffled); stroke: var(--shuffled); }
svg path.shuffled { fill: none; stroke-width: 2; } svg line { stroke-width: 2; }
svg .floor { fill: var(--floor); } svg .axis, svg .grid { stroke: var(--line); stroke-width: 1; }
svg.chart rect { stroke: none; } svg polyline { fill: none !important; stroke-width: 2; }
svg polyline.real { stroke-dasharray: 6 3; } svg .band { stroke: none !important; opacity: .22; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .875rem; margin: .5rem 0; }
.legend span { display: inline-flex; align-items: center; gap: .4rem; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem 2rem; }
.thumbnails { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem 1.5rem; align-items: start; }
figure { margin: .5rem 0; min-width: 0; }
figcaption { overflow-wrap: anywhere; }
img { display: block; width: 100%; height: auto; border: 1px solid var(--line); border-radius: .3rem;
  background: #fff; }
img.run { max-width: 50rem; }
dl { margin: .5rem 0; max-width: 56rem; } dt { font-weight: 600; margin-top: .6rem; } dd { margin: 0; }
code { font-size: .875em; overflow-wrap: anywhere; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .75rem; }
@media (max-width: 40rem) { .thumbnails { grid-template-columns: 1fr; } body { padding: 1rem .8rem 3rem; } }
@media screen and (max-width: 48rem) { thead, td:empty { display: none; } table, tbody, tr, caption { display: block; }
  tbody th, td { display: block; border: 0; padding: .15rem 0; white-space: normal; max-width: none; }
  td { display: grid; grid-template-columns: 7rem 1fr; } td::before { content: attr(data-head); color: var(--faint); }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0; } }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; }
  .scroll { overflow: visible; } tr, figure, .remarks { break-inside: avoid; } h2, h3 { break-after: avoid; }
  td, th { padding-right: .4rem; } svg.strip { width: 110px; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
