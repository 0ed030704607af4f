// Existing capacity against total score: how much of one the other costs.
import { h, svg } from './base.js';
import { PARKS } from './data.js';
import { ACTION, INK } from './symbols.js';
import { isPersian, num, percent, t } from './text.js';

const WIDTH = 340, HEIGHT = 132, EDGE = { left: 14, right: 14, top: 22, bottom: 34 };

/** Which step of the curve the official set is: the one with its number of greenfield sites. */
function here() {
  return PARKS.curve.findIndex(([, , greenfield]) => greenfield === PARKS.greenfield);
}

function hiddenTable() {
  const heads = ['existing', 'extensionsWord', 'greenfield', 'total13', 'lossShare'];
  return h('table', { class: 'unseen' }, h('caption', { text: t('curve') }),
    h('thead', {}, h('tr', {}, ...heads.map((key) => h('th', { scope: 'col', text: t(key) })))),
    h('tbody', {}, ...PARKS.curve.map(([existing, extensions, greenfield, total, loss]) => h('tr', {},
      ...[num(existing), num(extensions), num(greenfield), num(total, 3), percent(loss, 2)].map((text) => h('td', { text }))))));
}

/** The chart; it reads from the reading side, and a table says the same unseen. */
export function curveChart() {
  const steps = PARKS.curve, at = here();
  if (steps.length < 2) return null;
  const used = steps.map(([existing, extensions]) => existing + extensions), totals = steps.map((s) => s[3]);
  const [least, most] = [Math.min(...used), Math.max(...used)], [low, high] = [Math.min(...totals), Math.max(...totals)];
  const across = (v) => (v - least) / Math.max(1, most - least), inner = WIDTH - EDGE.left - EDGE.right;
  const x = (v) => EDGE.left + inner * (isPersian() ? 1 - across(v) : across(v));
  const y = (v) => EDGE.top + (HEIGHT - EDGE.top - EDGE.bottom) * (1 - (v - low) / Math.max(1e-9, high - low));
  const word = (px, py, text, extra) => svg('text', { x: px, y: py, 'font-size': 11, 'text-anchor': 'middle', fill: '#4A5666', text, ...extra });
  const base = HEIGHT - EDGE.bottom, [start, end] = isPersian() ? ['end', 'start'] : ['start', 'end'];
  const edgeOf = (k) => (k === 0 ? start : k === steps.length - 1 ? end : 'middle');
  const dots = steps.map((_, k) => svg('circle', { cx: x(used[k]), cy: y(totals[k]), r: k === at ? 6 : 3.2, fill: k === at ? ACTION : '#FFFFFF', stroke: k === at ? '#FFFFFF' : INK, 'stroke-width': 1.4 }));
  const told = [...new Set([0, at, steps.length - 1])].filter((k) => k >= 0);
  const chart = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'curve', 'aria-hidden': 'true', direction: 'ltr' },
    svg('path', { d: `M${EDGE.left} ${base}H${WIDTH - EDGE.right}`, stroke: '#8A94A1', fill: 'none' }),
    svg('path', { d: `M${steps.map((_, k) => `${x(used[k])} ${y(totals[k])}`).join('L')}`, fill: 'none', stroke: INK, 'stroke-width': 1.6 }),
    at >= 0 ? svg('path', { d: `M${x(used[at])} ${y(totals[at])}V${base}`, stroke: ACTION, 'stroke-dasharray': '3 3', fill: 'none' }) : null, ...dots,
    ...told.map((k) => word(x(used[k]), y(totals[k]) - 10, num(totals[k], 2), { 'text-anchor': edgeOf(k), 'font-weight': k === at ? 700 : 400, fill: INK })),
    ...used.map((v) => word(x(v), base + 13, num(v))), word(WIDTH / 2, HEIGHT - 4, t('usedAxis')));
  return h('figure', {}, chart, hiddenTable());
}
