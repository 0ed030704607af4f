// Buttons on the map, its scale bar and the switch of layers.
import { byId, fill, h, svg } from './base.js';
import { HOST } from './basemap.js';
import { DATA, LENSED, OWN_TYPE } from './data.js';
import { drawLegend, keysOf } from './legend.js';
import { toggleMeasure } from './measure.js';
import { state, update } from './state.js';
import { direction, km, nameOf, num, t } from './text.js';

const SWITCHES = [['surface', 'surface'], ['sites', 'sitesLayer'], ['estates', 'estates'], ['ports', 'ports'], ['pipelines', 'pipelines'], ['feedstock', 'feedstock'], ...(DATA.chain ? [['flows', 'flowsLayer']] : []), ['railways', 'railways'], ['protected', 'protected'], ['towns', 'towns'], ['graticule', 'graticule']];
const TRUE_AT = (28.5 * Math.PI) / 180;

function layerSwitch([name, word]) {
  const box = h('input', { type: 'checkbox', id: `layer-${name}`, checked: state.layers[name], onchange: () => update({ layers: { ...state.layers, [name]: box.checked } }) });
  return h('div', {}, h('label', { class: 'switch' }, box, h('span', { text: LENSED && name === 'surface' ? t('surfaceOf', nameOf(OWN_TYPE)) : t(word) })),
    h('div', { class: 'keys' }, ...keysOf(name)));
}

/** The switch of the only layer that asks the network: it says so, and whom. */
function baseSwitch() {
  return h('div', { class: 'base' }, layerSwitch(['base', 'baseMap']), h('p', { class: 'sub', text: t('baseNote', `\u2068${HOST}\u2069`) }), h('p', { class: 'sub warn', id: 'base-answer', role: 'status' }));
}

/** A bar of round length, true at 28.5 degrees north. */
export function scaleBar(map) {
  const pixelsPerKm = (256 * 2 ** map.getZoom()) / (40075.0167 * Math.cos(TRUE_AT));
  const length = [500, 200, 100, 50, 20, 10, 5, 2, 1].find((l) => l * pixelsPerKm <= 170) ?? 0.5;
  const width = length * pixelsPerKm, half = width / 2;
  const word = (x, text, anchor) => svg('text', { x, y: 11, 'font-size': 10, 'text-anchor': anchor, direction: 'ltr', fill: '#1B2430', text });
  return svg('svg', { width: width + 44, height: 24, 'aria-label': km(length), role: 'img' },
    svg('rect', { x: 8, y: 15, width, height: 5, fill: '#FFFFFF', stroke: '#1B2430' }), svg('rect', { x: 8, y: 15, width: half, height: 5, fill: '#1B2430' }),
    word(8, num(0), 'middle'), word(8 + width, km(length), 'middle'));
}

function toolBar(map, home) {
  const tool = (id, text, key, act, pressed) => h('button', { type: 'button', id, text, title: t(key), 'aria-label': t(key), 'aria-pressed': pressed, onclick: act });
  return h('div', { class: 'tools' }, tool('zoom-in', '+', 'zoomIn', () => map.zoomIn()), tool('zoom-out', '−', 'zoomOut', () => map.zoomOut()), tool('home', '⌂', 'home', home),
    tool('layers-button', '≡', 'layers', () => { byId('layers').hidden = !byId('layers').hidden; map.fire('moveend'); }),
    tool('measure-button', '↔', 'measure', () => toggleMeasure(map), String(state.measuring)));
}

/** Put the controls over the map; what the map's labels must keep clear of is marked keep-out. */
export function makeTools(map) {
  const host = map.getContainer();
  for (const [id, shape] of [['legend', 'legend'], ['tool-box', 'tool-box'], ['layers', 'layers'], ['measure', 'measure'], ['scale', 'scale']]) {
    const box = h('div', { id, class: `${shape} keep-out`, hidden: id === 'layers' || id === 'measure' });
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
    host.append(box);
  }
  host.append(h('div', { class: 'attribution', id: 'attribution' }));
  map.on('moveend', () => fill(byId('scale'), scaleBar(map)));
}

export function drawTools(map, home) {
  fill(byId('tool-box'), toolBar(map, home));
  const layers = byId('layers');
  layers.dir = direction();
  fill(layers, h('b', { text: t('layers') }), ...SWITCHES.map(layerSwitch), baseSwitch());
  fill(byId('scale'), scaleBar(map));
  drawLegend(byId('legend'));
  const container = map.getContainer();
  container.setAttribute('role', 'application');
  container.setAttribute('aria-label', t('mapLabel'));
}
