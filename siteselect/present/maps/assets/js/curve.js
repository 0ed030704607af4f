// Existing capacity against total score: how much of one the other costs.
import { h, svg } from './base.js';
import { PARKS } from './data.js';
import { ACTION, INK } from './symbols.js';
import { isPersian, num, percent, t } from './text.js';

const WIDTH = 340, HEIGHT = 132, EDGE = { left: 14, right: 14, top: 22, bottom: 34 };

// The official set as the curve tells its points.
const OFFICIAL = PARKS && [PARKS.existing, PARKS.extensions, PARKS.greenfield, PARKS.total, PARKS.price / PARKS.best_total];

/** Which step of the curve the official set is; -1 if it is none, for the policy may go on where the curve does not. */
function here() {
  return PARKS.curve.findIndex((step) => step.slice(0, 4).every((figure, k) => figure === OFFICIAL[k]));
}

/** What the points are, and where the official set is among them. */
export function curveNote() {
  return here() < 0 ? t('curveNoteApart', ...OFFICIAL.slice(0, 3).map((n) => num(n)), num(PARKS.total, 3)) : t('curveNote');
}

function hiddenTable() {
  const heads = ['existing', 'extensionsWord', 'greenfield', 'total13', 'lossShare'], rows = here() < 0 ? [...PARKS.curve, OFFICIAL] : PARKS.curve;
  return h('table', { class: 'unseen' }, h('caption', { text: t('curve') }),
    h('thead', {}, h('tr', {}, ...heads.map((key) => h('th', { scope: 'col', text: t(key) })))),
    h('tbody', {}, ...rows.map(([existing, extensions, greenfield, total, loss]) => h('tr', {},
      ...[num(existing), num(extensions), num(greenfield), num(total, 3), percent(loss, 2)].map((text) => h('td', { text }))))));
}

/** The chart; it reads from the reading side, and a table says the same unseen. */
export function curveChart() {
  const steps = PARKS.curve, at = here();
  if (steps.length < 2) return null;
  const [officialX, officialY] = [PARKS.existing + PARKS.extensions, PARKS.total];
  const used = steps.map(([existing, extensions]) => existing + extensions), totals = steps.map((s) => s[3]);
  const [least, most] = [Math.min(...used), Math.max(...used)], [low, high] = [Math.min(...totals, officialY), Math.max(...totals)];
  const across = (v) => (v - least) / Math.max(1, most - least), inner = WIDTH - EDGE.left - EDGE.right;
  const x = (v) => EDGE.left + inner * (isPersian() ? 1 - across(v) : across(v));
  const y = (v) => EDGE.top + (HEIGHT - EDGE.top - EDGE.bottom) * (1 - (v - low) / Math.max(1e-9, high - low));
  const word = (px, py, text, extra) => svg('text', { x: px, y: py, 'font-size': 11, 'text-anchor': 'middle', fill: '#4A5666', text, ...extra });
  const base = HEIGHT - EDGE.bottom, [start, end] = isPersian() ? ['end', 'start'] : ['start', 'end'];
  const edgeOf = (k) => (k === 0 ? start : k === steps.length - 1 ? end : 'middle');
  const dots = steps.map((_, k) => svg('circle', { cx: x(used[k]), cy: y(totals[k]), r: 3.2, fill: '#FFFFFF', stroke: INK, 'stroke-width': 1.4 }));
  const told = [0, steps.length - 1].filter((k) => k !== at);
  const chart = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'curve', 'aria-hidden': 'true', direction: 'ltr' },
    svg('path', { d: `M${EDGE.left} ${base}H${WIDTH - EDGE.right}`, stroke: '#8A94A1', fill: 'none' }),
    svg('path', { d: `M${steps.map((_, k) => `${x(used[k])} ${y(totals[k])}`).join('L')}`, fill: 'none', stroke: INK, 'stroke-width': 1.6 }),
    svg('path', { d: `M${x(officialX)} ${y(officialY)}V${base}`, stroke: ACTION, 'stroke-dasharray': '3 3', fill: 'none' }), ...dots,
    svg('circle', { class: 'official', cx: x(officialX), cy: y(officialY), r: 6, fill: ACTION, stroke: '#FFFFFF', 'stroke-width': 1.4 }),
    ...told.map((k) => word(x(used[k]), y(totals[k]) - 10, num(totals[k], 2), { 'text-anchor': edgeOf(k), fill: INK })),
    word(x(officialX), y(officialY) - 10, num(officialY, 2), { 'text-anchor': edgeOf(at), 'font-weight': 700, fill: INK }),
    ...used.map((v) => word(x(v), base + 13, num(v))), word(WIDTH / 2, HEIGHT - 4, t('usedAxis')));
  return h('figure', {}, chart, hiddenTable());
}
