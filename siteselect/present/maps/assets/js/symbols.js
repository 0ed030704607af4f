// Shapes and colours: shape = kind, colour = score, number = rank.
import { h, svg } from './base.js';
import { DATA, EXCLUDED, LIST_LENGTH, SITES, VERDICTS } from './data.js';
import { now } from './state.js';
import { num, t } from './text.js';

export const RAMP = Object.freeze(['#EDE9A3', '#8FD07A', '#35A088', '#31688E', '#3B1F64']);
// Okabe and Ito's colours, the same for the same group in every study; never without its name.
const GROUP_COLOURS = Object.freeze({
  __proto__: null,
  feedstock: '#0072B2', industry: '#E69F00', transport: '#009E73', energy_water: '#56B4E9',
  hazards: '#D55E00', environment: '#CC79A7', land: '#F0E442', labour: '#7F8893',
});
const SPARE_COLOURS = Object.values(GROUP_COLOURS);
export const FLUIDS = Object.freeze({
  __proto__: null,
  gas: { colour: '#B3261E', dash: '' }, ethylene: { colour: '#6A1B9A', dash: '7 3' },
  crude: { colour: '#2B2B2B', dash: '1.5 3' }, product: { colour: '#7A5A00', dash: '9 3 2 3' },
  ngl: { colour: '#C2185B', dash: '3 2' },
});
export const INK = '#1B2430';
export const ACTION = '#0B5FA5';
export const NO_SCORE = '#59524A';

export function groupColour(g) {
  return GROUP_COLOURS[DATA.groups[g].id] ?? SPARE_COLOURS[g % SPARE_COLOURS.length];
}

export function scoreClass(score) {
  return DATA.ground.limits.filter((limit) => score >= limit).length;
}

/** Fill of a site's mark: its score class; unranked and excluded sites carry no score colour. */
export function siteColour(i) {
  const score = now.scores.score[i];
  return SITES.verdict[i] === EXCLUDED || score === null || !now.scores.rank[i] ? NO_SCORE : RAMP[scoreClass(score)];
}

export function inkOn(colour) {
  return [RAMP[3], RAMP[4], NO_SCORE].includes(colour) ? '#FFFFFF' : INK;
}

/** The outline of a kind's shape about a point, as path data. */
export function shapePath(kind, x, y, r) {
  const d = r * 1.18;
  if (kind === 'special_zone') return `M${x} ${y - d}L${x + d} ${y}L${x} ${y + d}L${x - d} ${y}Z`;
  if (kind === 'greenfield') return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  if (kind === 'proposed') return `M${x} ${y - d}L${x + d} ${y + r * 0.85}L${x - d} ${y + r * 0.85}Z`;
  const square = `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}Z`;
  if (kind === 'extension') return `${square}M${x + r} ${y - r * 0.1}h${r * 0.6}v${r * 1.1}h${-r * 0.6}`;
  return square;
}

export function shape(kind, x, y, r, properties) {
  return svg('path', { d: shapePath(kind, x, y, r), 'stroke-linejoin': 'round', ...properties });
}

/** A port: filled from 14 m, half from 10, open below, dashed if the depth is unknown. */
export function portSymbol(depth, x, y) {
  const unknown = depth === undefined || depth === null;
  const r = unknown ? 3.4 : depth >= 14 ? 5.6 : depth >= 10 ? 4.8 : 4;
  const deep = !unknown && depth >= 14, half = !unknown && depth >= 10 && depth < 14;
  return svg('g', {},
    svg('circle', { cx: x, cy: y, r, fill: deep ? '#0B4F7D' : '#FFFFFF', stroke: '#0B4F7D', 'stroke-width': 1.5, 'stroke-dasharray': unknown ? '2 1.6' : null }),
    half ? svg('path', { d: `M${x - r} ${y}a${r} ${r} 0 0 0 ${2 * r} 0Z`, fill: '#0B4F7D' }) : null);
}

/** Works that give feedstock: flame, tank or saw roof; hollow if recalled. */
export function worksSymbol(kind, x, y, recalled) {
  const paths = {
    __proto__: null,
    gas_refinery: [`M${x} ${y - 6}c4 4 4.5 6 4.5 8a4.5 4.5 0 0 1 -9 0c0 -2 2 -3 4.5 -8Z`, '#B3261E'],
    oil_refinery: [`M${x - 4.5} ${y + 5}v-9q4.5 -3 9 0v9Z`, '#2B2B2B'],
  };
  const [d, colour] = paths[kind] ?? [`M${x - 5} ${y + 4}v-8l3.4 3v-3l3.3 3v-3l3.3 3v5Z`, '#4A3B6B'];
  return svg('path', { d, fill: recalled ? '#FFFFFF' : colour, stroke: colour, 'stroke-width': 1.1 });
}

export function badge(i, size = 26) {
  const rank = now.scores.rank[i], colour = siteColour(i);
  return h('span', {
    class: 'badge', text: rank ? num(rank) : '×',
    style: { background: colour, color: inkOn(colour), 'min-width': `${size}px`, height: `${size}px`, 'font-size': `${size * 0.5}px` },
  });
}

export function verdictBadge(verdict) {
  return h('span', { class: `verdict verdict-${VERDICTS[verdict]}`, text: t(VERDICTS[verdict]) });
}

/** Said of every site of the official set, whatever the weights are: in a list by its number. */
export function parkChip(inList = false) {
  return h('span', { class: 'park', role: inList ? 'img' : null, text: inList ? num(LIST_LENGTH) : t('officialSet'), title: t('officialSet'), 'aria-label': inList ? t('officialSet') : null });
}

/** Rank against the official one: never by colour alone. */
export function changeMark(before, after) {
  const gain = before && after ? before - after : 0;
  if (!gain) return h('span', { class: 'change', text: '–' });
  return h('span', { class: gain > 0 ? 'change up' : 'change down', text: (gain > 0 ? '▲' : '▼') + num(Math.abs(gain)) });
}

/** The two hatches of the ground, as SVG patterns for legends. */
export function hatches(prefix) {
  return svg('defs', {},
    svg('pattern', { id: `${prefix}-undetermined`, width: 6, height: 6, patternUnits: 'userSpaceOnUse' },
      svg('rect', { width: 6, height: 6, fill: '#FBFAF5' }),
      svg('path', { d: 'M-1 7L7 -1M-1 1L1 -1M5 7L7 5', stroke: '#A79C86', 'stroke-width': 0.9 })),
    svg('pattern', { id: `${prefix}-excluded`, width: 5, height: 5, patternUnits: 'userSpaceOnUse' },
      svg('rect', { width: 5, height: 5, fill: '#C9C5BE' }),
      svg('path', { d: 'M0 0L5 5M5 0L0 5', stroke: '#8F887D', 'stroke-width': 0.6 })));
}
