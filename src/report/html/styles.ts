/**
 * The style sheet of the pages: one column on a phone, a grid of charts on a screen, plain on paper. Colours are variables of
 * the palette. Relies on nothing.
 *
 * @module
 */

import { paletteCss } from "./palette.ts";

/**
 * The style sheet.
 *
 * @returns CSS.
 */
export function styleSheet(): string {
  return `${paletteCss()}\n${LAYOUT}`;
}

const LAYOUT = `
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main, header, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; text-wrap: balance; }
h2 { font-size: 1.35rem; margin: 3rem 0 .25rem; scroll-margin-top: 1rem; }
h3 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; max-width: 48rem; }
a { color: var(--accent); }
.soft { color: var(--soft); }
.machine { font-size: 1.05rem; margin: 0; }
nav { margin: 1rem 0 0; display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; font-size: .92rem; }
code { overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .875em; }
pre { background: var(--card); border: 1px solid var(--grid); border-radius: 8px; padding: .75rem 1rem;
  white-space: pre-wrap; overflow-wrap: anywhere; margin: .75rem 0; }
ul { padding-left: 1.2rem; max-width: 48rem; }
li { margin: .25rem 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(13.5rem, 1fr)); gap: .9rem; margin: 1.5rem 0 0; padding: 0; }
.tile { background: var(--card); border: 1px solid var(--grid); border-radius: 10px; padding: .9rem 1.1rem 1rem; margin: 0; }
.tile dt { font-size: .85rem; color: var(--soft); }
.tile dd { margin: 0; }
.tile .figure { font-size: 1.65rem; font-weight: 650; letter-spacing: -.01em; line-height: 1.3; }
.tile .cell { font-size: .82rem; color: var(--soft); line-height: 1.4; }
.source { border-top: 2px solid var(--rule); margin-top: 2.5rem; }
.source > h2 { margin-top: 1.5rem; }
.source.memory > h2::after, .memory figcaption b::after { content: "no kernel"; font-size: .68rem; font-weight: 600;
  letter-spacing: .04em; text-transform: uppercase; color: var(--warn); border: 1px solid currentColor; border-radius: 99px;
  padding: .1rem .5rem; margin-left: .6rem; vertical-align: middle; white-space: nowrap; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21.5rem), 1fr)); gap: 1rem; margin: 1rem 0; }
figure { margin: 0; background: var(--card); border: 1px solid var(--grid); border-radius: 10px; padding: .9rem 1rem .6rem;
  break-inside: avoid; display: flex; flex-direction: column; min-width: 0; }
figure.wide, figure.beside { grid-column: 1 / -1; }
.of { display: block; font-size: .78rem; color: var(--ink); opacity: .8; margin-bottom: .3rem; }
figcaption { font-size: .84rem; line-height: 1.45; color: var(--soft); margin-bottom: .5rem; }
figcaption b { display: block; color: var(--ink); font-size: 1rem; margin-bottom: .15rem; font-weight: 650; }
/* Charts of a row begin at one height, whatever their words take. */
figure:not(.wide, .beside) { display: grid; grid-row: span 2; grid-template-rows: subgrid; row-gap: 0; align-content: start; }
.plot svg { display: block; width: 100%; height: auto; max-width: calc(var(--drawn) * 1.2); margin: 0 auto; }
.wide .plot svg { min-width: var(--drawn); }
.beside .plot svg { max-width: calc(var(--drawn) * 1.35); }
.absent { color: var(--soft); font-size: .92rem; }
/* A shade at a side tells that there is more; it lies under covers that scroll with what is shown. */
.scroll, .plot { overflow-x: auto; background:
    linear-gradient(to right, var(--card) 40%, transparent) left / 3rem 100% no-repeat local,
    linear-gradient(to left, var(--card) 40%, transparent) right / 3rem 100% no-repeat local,
    linear-gradient(to right, var(--rule), transparent) left / .8rem 100% no-repeat scroll,
    linear-gradient(to left, var(--rule), transparent) right / .8rem 100% no-repeat scroll,
    var(--card); }
.scroll { border: 1px solid var(--grid); border-radius: 10px; margin: .75rem 0; position: relative; }
summary { cursor: pointer; margin: 1.2rem 0 .5rem; }
summary h3 { display: inline; }
table { border-collapse: collapse; width: 100%; font-size: .82rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .6rem; text-align: left; border-top: 1px solid var(--grid); white-space: nowrap; vertical-align: top; }
thead th { border-top: 0; white-space: normal; vertical-align: bottom; line-height: 1.25; font-weight: 600; color: var(--soft); }
th.right, td.right { text-align: right; }
td.text { white-space: normal; overflow-wrap: anywhere; min-width: 8rem; }
td.text:first-child { width: 17rem; }
tbody tr:hover { background: var(--page); }
th[aria-sort] { color: var(--ink); }
th.sorts { cursor: pointer; }
th[aria-sort=ascending]::after { content: " \\2191"; }
th[aria-sort=descending]::after { content: " \\2193"; }
.flag { border: 1px solid var(--rule); border-radius: 99px; padding: 0 .45rem; font-size: .78rem; color: var(--soft); }
.flag.lossy, .flag.saturated, .flag.interrupted { color: var(--warn); border-color: currentColor; }
.warning { border-left: 3px solid var(--warn); padding: .1rem 0 .1rem .9rem; }
.banner { background: var(--card); border: 1px solid var(--warn); border-left-width: 5px; border-radius: 8px; padding: .6rem 1rem; }
footer { padding-top: 2rem; padding-bottom: 3rem; font-size: .85rem; color: var(--soft); }
@media (min-width: 60rem) {
  figure.beside { flex-direction: row; gap: 2rem; }
  figure.beside figcaption { flex: 0 0 20rem; }
  figure.beside .plot { flex: 1; }
}
@media (max-width: 40rem) {
  main, header, footer { padding-left: .8rem; padding-right: .8rem; }
  header { padding-top: 1.25rem; }
  h1 { font-size: 1.5rem; }
  figure { padding: .8rem .5rem .5rem; }
  .beside .plot svg { min-width: calc(var(--drawn) * .86); }
}
@page { size: A4 landscape; margin: 12mm; }
@media print {
  body { font-size: 10pt; background: none; }
  main, header, footer { max-width: none; padding: 0; }
  nav { display: none; }
  .charts { grid-template-columns: repeat(3, 1fr); }
  .scroll { overflow: visible; border: 0; }
  table { font-size: 5.5pt; }
  th, td { padding: .12rem .2rem; white-space: normal; }
  figure, .tile { border-color: var(--rule); }
  h2, h3 { break-after: avoid; }
  tr { break-inside: avoid; }
}
`;
