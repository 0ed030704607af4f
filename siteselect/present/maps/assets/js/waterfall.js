// Six bars that add up to the score; what was not earned is dotted, what is unknown is hatched.
import { h, svg } from './base.js';
import { DATA } from './data.js';
import { byGroup } from './score.js';
import { MEMBERS, state, update } from './state.js';
import { groupColour, hatches } from './symbols.js';
import { direction, isPersian, joined, nameOf, num, percent, reading, t } from './text.js';

const WIDTH = 200, HEIGHT = 14;

function strip(from, sums, colour, prefix) {
  const total = Math.max(1, from + sums.possible + sums.unknown);
  const x = (v) => (WIDTH * v) / total;
  const bar = (a, b, properties) => {
    const [left, right] = isPersian() ? [WIDTH - x(b), WIDTH - x(a)] : [x(a), x(b)];
    return svg('rect', { x: left, y: 1, width: Math.max(0, right - left), height: HEIGHT - 2, ...properties });
  };
  const edge = from + sums.possible;
  return svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', class: 'fall', 'aria-hidden': 'true' }, hatches(prefix),
    bar(from, edge, { fill: 'none', stroke: '#8C96A3', 'stroke-dasharray': '2 2', 'stroke-width': 0.8 }),
    sums.unknown > 0 ? bar(edge, edge + sums.unknown, { fill: `url(#${prefix}-undetermined)`, stroke: '#A79C86', 'stroke-width': 0.6 }) : null,
    bar(from, from + sums.earned, { fill: colour, stroke: '#1B2430', 'stroke-width': 0.5 }));
}

/** What a group contributes; where nothing is known that is no figure, and no zero. */
const earned = (sums) => (sums.possible === 0 && sums.unknown > 0 ? h('span', { class: 'blank', text: '–' }) : h('span', { class: 'figure', text: num(sums.earned, 3) }));

function criterionRow(told, readings, j) {
  const criterion = DATA.criteria[j], value = told.values[j], part = told.parts[j];
  const sources = criterion.sources.map((id) => DATA.sources.find((s) => s.id === id)).filter(Boolean).map(nameOf);
  return h('tr', {},
    h('th', { scope: 'row' }, nameOf(criterion), sources.length ? h('span', { class: 'sub', text: joined(sources) }) : null),
    readings ? h('td', { text: reading(readings[j], criterion.unit) }) : null,
    h('td', { text: value === null ? '–' : num(value, 2) }),
    h('td', { text: percent(told.shares[j], 1) }),
    h('td', { text: part === null ? '–' : num(part, 3) }));
}

function criteriaTable(told, readings, g) {
  const heads = ['criterion', ...(readings ? ['performance'] : []), 'value', 'weight', 'contribution'];
  return h('table', { class: 'plain criteria' }, h('thead', {}, h('tr', {}, ...heads.map((key) => h('th', { scope: 'col', text: t(key) })))),
    h('tbody', {}, ...MEMBERS[g].map((j) => criterionRow(told, readings, j))));
}

/** The waterfall of a breakdown; a group opens to its criteria, with readings if they are known. */
export function waterfall(told, readings = null) {
  let from = 0;
  const rows = byGroup(told).flatMap((sums, g) => {
    if (!MEMBERS[g].length) return [];
    const start = from, open = state.openGroup === g;
    from += sums.earned;
    const button = h('button', {
      type: 'button', class: 'fall-row', id: `fall-row-${g}`, 'aria-expanded': String(open),
      onclick: () => update({ openGroup: open ? null : g }),
    }, h('span', { class: 'fall-name', text: nameOf(DATA.groups[g]) }), strip(start, sums, groupColour(g), `fall-${g}`), earned(sums));
    return open ? [button, criteriaTable(told, readings, g)] : [button];
  });
  const sum = h('div', { class: 'fall-row sum' }, h('span', { class: 'fall-name', text: t('score') }),
    strip(0, { earned: from, possible: from, unknown: 0 }, '#1B2A41', 'fall-sum'), h('span', { class: 'figure', text: told.score === null ? '–' : num(from, 3) }));
  return h('div', { class: 'waterfall', dir: direction() }, ...rows, sum);
}
