// Who feeds whom: the flows of the value chain, and their lines over the map.
import { apart, h, svg } from './base.js';
import { showsParks } from './choice.js';
import { DATA, PARKS, SITES } from './data.js';
import { state } from './state.js';
import { joined, nameOf, num, siteName, t, wordOf } from './text.js';

export const CHAIN = DATA.chain;
// Okabe and Ito 2008, in the order of the park types: told apart without red and green.
export const BANDS = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#8C8200', '#5B6675'];
export const DASHES = { __proto__: null, pipeline: null, grid: '1 3', sea: '8 4', rail: '5 2 1 2', road: '3 3' };
const THIN = 1.2, WIDE = 8;

export const typeOf = new Map(PARKS ? PARKS.picks.map((pick) => [pick.site, PARKS.types.findIndex((type) => type.id === pick.type)]) : []);
export const typeColour = (k) => BANDS[k % BANDS.length];

const originName = (origin) => (origin >= 0 ? nameOf(CHAIN.sources[origin]) : siteName(-1 - origin));
const originAt = (origin) => (origin >= 0 ? CHAIN.sources[origin].at : [SITES.lon[-1 - origin], SITES.lat[-1 - origin]]);

function flowText([material, origin, site, ktY, away, mode, cost]) {
  const facts = [t('ktY', num(ktY)), t('km', num(away)), wordOf(`mode_${mode}`), t('usdT', num(cost, 1))];
  return `${originName(origin)} ← ${nameOf(CHAIN.materials[material])} → ${siteName(site)}: ${joined(facts)}`;
}

export function showsFlows() {
  return CHAIN !== null && state.layers.flows && showsParks();
}

/** Lines from who gives to who takes, beneath the marks; the chosen site's alone if one is chosen. */
export function drawFlows(scene) {
  if (!showsFlows()) return;
  const most = Math.max(...CHAIN.flows.map((flow) => flow[3]));
  const chosen = state.view === 'site' ? state.site : null;
  for (const flow of [...CHAIN.flows].sort((a, b) => b[3] - a[3])) {
    const [, origin, site, ktY, , mode] = flow;
    if (chosen !== null && chosen !== site && chosen !== -1 - origin) continue;
    const [x, y] = scene.at(originAt(origin)), [u, v] = scene.spots[site];
    // A bow to one side, so that flows over one way lie apart.
    const bow = 0.12, mx = (x + u) / 2 + (v - y) * bow, my = (y + v) / 2 - (u - x) * bow;
    const d = `M${x} ${y}Q${mx} ${my} ${u} ${v}`, width = THIN + (WIDE - THIN) * Math.sqrt(ktY / most);
    const line = (colour, extra, properties) => svg('path', { d, fill: 'none', stroke: colour, 'stroke-width': width + extra, 'stroke-linecap': 'round', ...properties });
    scene.parts.below.push(line('#FFFFFF', 1.6, { opacity: 0.7 }),
      line(typeColour(typeOf.get(site)), 0, { class: 'flow', opacity: 0.85, 'stroke-dasharray': DASHES[mode] }));
    if (origin >= 0) scene.parts.below.push(svg('circle', { cx: x, cy: y, r: 3, fill: '#1B2430', stroke: '#FFFFFF' }));
  }
}

/** What one park takes and from whom, and whom it feeds: null for a site that is none. */
export function feedItems(site) {
  if (CHAIN === null) return null;
  const flows = CHAIN.flows.filter((flow) => flow[2] === site || -1 - flow[1] === site), bought = CHAIN.outside.filter((row) => row[1] === site);
  if (!flows.length && !bought.length) return null;
  const outside = joined(bought.map(([material, , ktY]) => `${nameOf(CHAIN.materials[material])} ${t('ktY', num(ktY))}`));
  return [...flows.map((flow) => h('li', {}, apart(flowText(flow)))), bought.length ? h('li', { text: `${t('fromOutside')}: ${outside}` }) : null];
}

/** What could be made or revived on one site: null if nothing is known. */
export function openingItems(site) {
  const open = CHAIN?.openings.filter((row) => row[1] === site) ?? [], idle = CHAIN?.idle.filter((row) => row[0] === site) ?? [];
  if (!open.length && !idle.length) return null;
  const mark = idle.length && CHAIN.synthetic ? ` (${t('synthetic')})` : '';
  return [...idle.map(([, material, tY]) => h('li', {}, apart(`${t('idleHere', nameOf(CHAIN.materials[material]), num(tY))}${mark}`))),
    ...open.map((row) => h('li', {}, apart(nameOf(CHAIN.materials[row[0]])), h('span', { class: 'sub', text: ` ${t(`calm${row[2]}`)}${row[6] ? ` · ${t('recalled')}` : ''}` })))];
}
