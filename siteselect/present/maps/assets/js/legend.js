// The legend: classes, verdicts, shapes and lines, on the map and on the printed sheet.
import { fill, h, svg } from './base.js';
import { DATA } from './data.js';
import { BANDS, CHAIN, DASHES, showsFlows } from './flows.js';
import { official, state, update } from './state.js';
import { FLUIDS, INK, NO_SCORE, RAMP, hatches, portSymbol, shape, worksSymbol } from './symbols.js';
import { direction, num, range, t } from './text.js';

const swatch = (...children) => svg('svg', { width: 26, height: 16, 'aria-hidden': 'true', class: 'swatch' }, ...children);
const row = (picture, text) => h('div', { class: 'legend-row' }, picture, h('span', { text }));
const block = (colour, x, width) => svg('rect', { x, y: 2, width, height: 12, fill: colour, stroke: '#59626E', 'stroke-width': 0.6 });
const line = (colour, dash, opacity) => svg('path', { d: 'M1 8H25', stroke: colour, 'stroke-width': 2, 'stroke-dasharray': dash || null, opacity });
const estate = (fill) => svg('rect', { x: 10, y: 5, width: 6, height: 6, fill, stroke: '#2E3338' });

const KINDS = ['special_zone', 'estate', 'extension', 'greenfield', 'proposed'].filter((kind) => DATA.sites.kind.includes(kind));

/** What each symbol of a layer means, in pictures and words; most for a layer of many kinds. */
export function keysOf(layer, prefix = 'layers') {
  const fluid = (kind, word) => [line(FLUIDS[kind].colour, FLUIDS[kind].dash), t(word)];
  const mark = (kind, fill) => shape(kind, 12, 8, 5.5, { fill, stroke: INK, 'stroke-width': 1.1 });
  const hatch = (word) => [[hatches(`${prefix}-${word}`), block(`url(#${prefix}-${word}-${word})`, 1, 24)], t(word)];
  const keys = {
    surface: () => [...RAMP.map((colour, k) => [[block(DATA.ground.palette[k + 1], 1, 13), block(colour, 14, 11)], classText(k)]).reverse(), hatch('undetermined'), hatch('excluded')],
    kinds: () => KINDS.map((kind) => [mark(kind, RAMP[3]), t(kind)]),
    unranked: () => (official.rank.includes(0) ? [[mark('estate', NO_SCORE), t('noRank')]] : []),
    sites: () => [...keys.kinds(), ...keys.unranked()],
    estates: () => [[estate('#D9DCE0'), t('found')], [estate('#FFFFFF'), t('recalled')]],
    ports: () => [[portSymbol(15, 13, 8), t('port14')], [portSymbol(12, 13, 8), t('port10')], [portSymbol(8, 13, 8), t('portLess')], [portSymbol(null, 13, 8), t('depthUnknown')]],
    pipelines: () => [fluid('gas', 'gasLine'), fluid('ethylene', 'ethylene'), fluid('crude', 'crude'), fluid('product', 'productLine'), fluid('ngl', 'nglLine'),
      [line(FLUIDS.gas.colour, '5 3'), t('approximate')], [line(FLUIDS.gas.colour, '', 0.45), t('plannedLine')]],
    feedstock: () => [[worksSymbol('gas_refinery', 13, 8), t('gasRefinery')], [worksSymbol('oil_refinery', 13, 8), t('oilRefinery')], [worksSymbol('', 13, 8), t('otherWorks')], [worksSymbol('', 13, 8, true), t('recalled')]],
    railways: () => [[[line('#2E3338'), svg('path', { d: 'M1 8H25', stroke: '#FFFFFF', 'stroke-width': 1, 'stroke-dasharray': '4 4' })], t('railway')]],
    protected: () => [[svg('circle', { cx: 13, cy: 8, r: 6.5, fill: '#CFE3CF', stroke: '#2E6B34', 'stroke-dasharray': '4 2 1 2' }), t('protectedArea')]],
    flows: () => modes().map(([mode, dash]) => [line(BANDS[0], dash), t(`mode_${mode}`)]),
  };
  return (keys[layer]?.() ?? []).map(([picture, text]) => row(swatch(...[picture].flat()), text));
}

/** A score class in words. */
export function classText(k) {
  const limits = DATA.ground.limits;
  if (k === 0) return range(num(0), num(limits[0], 1));
  if (k === limits.length) return `${num(limits[k - 1], 1)} ${state.lang === 'fa' ? 'و بیشتر' : 'and more'}`;
  return range(num(limits[k - 1], 1), num(limits[k], 1));
}

/** Ways of haulage that are drawn, with their dashes. */
function modes() {
  const used = new Set(CHAIN.flows.map((flow) => flow[5]));
  return Object.entries(DASHES).filter(([mode]) => used.has(mode));
}

function flows() {
  const rows = showsFlows() ? keysOf('flows') : [];
  return rows.length ? [h('b', { text: t('flowsLayer') }), ...rows] : [];
}

function scores(prefix) {
  return h('div', {}, h('b', { text: t('scoreRange') }), ...keysOf('surface', prefix), ...keysOf('unranked'), ...flows());
}

function symbols() {
  const { layers } = state, lines = [[FLUIDS.gas.colour, '', 'gasLine'], [FLUIDS.gas.colour, '5 3', 'approximate'], [FLUIDS.ethylene.colour, FLUIDS.ethylene.dash, 'ethylene']];
  return h('div', {}, h('b', { text: t('candidates') }), ...keysOf('kinds'),
    layers.ports ? row(swatch(portSymbol(15, 8, 8), portSymbol(8, 19, 8)), t('portDeep')) : null,
    ...(layers.pipelines ? lines.map(([colour, dash, word]) => row(swatch(line(colour, dash)), t(word))) : []),
    ...['feedstock', 'railways', 'protected'].flatMap((name) => (layers[name] ? keysOf(name) : [])));
}

export function legendParts(prefix) {
  return [scores(prefix), symbols()];
}

export function drawLegend(box) {
  box.dir = direction();
  // The browser tells of an opening later, and then also of that of a legend which was replaced meanwhile.
  const details = h('details', { open: state.legend, ontoggle: () => { if (details.isConnected && details.open !== state.legend) update({ legend: details.open }); } },
    h('summary', { text: t('legend') }), h('div', { class: 'legend-body' }, ...legendParts('legend')));
  fill(box, details);
}
