// The page: header, rail and map, each drawn anew when what it shows has changed.
import { byId, fill, h, keepFocus } from './base.js';
import { answerAt } from './ask.js';
import { makeBaseMap } from './basemap.js';
import { asYaml, drawDock, refreshDock } from './dock.js';
import { dotAt } from './dots.js';
import { csvText, downloadCsv } from './download.js';
import { showsParks } from './choice.js';
import { drawCompare } from './compare.js';
import { drawContext } from './context.js';
import { DATA, LIST_LENGTH, PARKS, SITES } from './data.js';
import { toUtm } from './geo.js';
import { GroundLayer, readClasses } from './ground.js';
import { listenToKeys } from './keys.js';
import { drawLegend } from './legend.js';
import { drawRows, weighRows } from './list.js';
import { readLattice } from './live.js';
import { MarksLayer, highlight } from './marks.js';
import { addPoint, drawMeasured, measured } from './measure.js';
import { downloadPicture } from './picture.js';
import { preparePrinting } from './print.js';
import { drawRail } from './rail.js';
import { scoreAll } from './score.js';
import { drawAttribution } from './sources.js';
import { followAddress, isExploratory, noteMap, now, official, readAddress, state, subscribe, toggleCompare, update } from './state.js';
import { dateText, direction, folded, nameOf, num, siteName, t } from './text.js';
import { listenForTip } from './tip.js';
import { drawTools, makeTools } from './tools.js';

const map = window.map_siteselect;
const rasters = { classes: null, lattice: null };
const layers = {};
const OFF_THE_MAP = ['shown', 'paper', 'keysOn'];
const frame = { whole: false, size: '' };

const [WEST, SOUTH, EAST, NORTH] = DATA.box;
const region = () => L.latLngBounds([SOUTH - 1, WEST - 1], [NORTH + 1, EAST + 1]);

/** Keep the map about the region; what a low map sees beyond it is held too, or it would glide aside. */
function keepWithin() {
  map.setMaxBounds(region().extend(map.getBounds()));
}

/** Show the whole study area, above the scale and the sources, and keep it whole while the map changes its size. */
function home() {
  const [west, south, east, north] = DATA.study_bounds;
  map.setMaxBounds(null);
  map.fitBounds([[south, west], [north, east]], { paddingTopLeft: [12, 22], paddingBottomRight: [12, 56], animate: false });
  keepWithin();
  Object.assign(frame, { whole: true, size: String(map.getSize()) });
}

function tab(key, view, text) {
  const current = state.view === view || (view === state.list && ['site', 'cell'].includes(state.view));
  return h('button', { type: 'button', class: 'tab', id: `tab-${view}`, 'aria-current': current ? 'page' : null, text: text ?? t(key), onclick: () => update({ view }) });
}

function paperChoice() {
  return h('select', { id: 'paper', 'aria-label': t('paper'), onchange: (event) => update({ paper: event.target.value }) },
    ...['a4', 'a3'].map((size) => h('option', { value: size, text: size.toUpperCase(), selected: state.paper === size })));
}

function drawHeader() {
  const header = byId('head'), { run } = DATA, button = (id, text, act, extra) => h('button', { type: 'button', class: 'button', id, text, onclick: act, ...extra });
  header.dir = direction();
  const under = [nameOf(DATA.type), run.date ? t('runOf', dateText(run.date)) : '', t('runId', `\u2068${run.id}\u2069`)].filter(Boolean).join(' · ');
  fill(header, h('div', { class: 'title' }, h('h1', { text: nameOf(DATA.study) }), h('p', { text: under })),
    h('nav', { 'aria-label': t('views') }, tab('ranking', 'rank'), PARKS ? tab('parksN', 'parks', t('parksN', num(LIST_LENGTH))) : null, DATA.chain ? tab('chain', 'chain') : null, tab('inquiries', 'inquiries'), tab('compare', 'compare', t('compareN', num(state.compare.length))), tab('data', 'data')),
    h('span', { class: 'push' }), button('csv', t('csv'), downloadCsv, { title: t('csv') }), button('png', 'PNG', () => downloadPicture(map), { title: t('png') }),
    button('keys', '?', showKeys, { title: t('help'), 'aria-label': t('help') }), paperChoice(), button('print', t('print'), () => window.print()), button('language', t('otherLanguage'), () => update({ lang: state.lang === 'fa' ? 'en' : 'fa' }), { lang: state.lang === 'fa' ? 'en' : 'fa' }));
}

function drawFrame() {
  document.documentElement.lang = state.lang;
  document.body.className = `lang-${state.lang} view-${state.view}${showsParks() ? ' shows-parks' : ''}`;
  document.title = nameOf(DATA.study);
  byId('skip').textContent = t('skip');
  byId('compare').hidden = state.view !== 'compare';
  byId('dock').hidden = state.view === 'compare';
}

function switchLayers() {
  for (const [name, layer] of Object.entries(layers)) {
    if (!(name in state.layers)) continue;
    const wanted = state.layers[name];
    if (wanted && !map.hasLayer(layer)) layer.addTo(map);
    if (!wanted && map.hasLayer(layer)) layer.remove();
  }
}

let spoken = 0;

/** One polite message at most every half second. */
function say(text) {
  clearTimeout(spoken);
  spoken = setTimeout(() => { byId('live').textContent = text; }, 500);
}

function sayChange() {
  if (!isExploratory()) return;
  const gains = now.scores.listed.map((i) => [official.rank[i] - now.scores.rank[i], i]).filter(([gain]) => gain > 0);
  gains.sort((a, b) => b[0] - a[0]);
  if (gains.length) say(t('rises', siteName(gains[0][1]), num(now.scores.rank[gains[0][1]])));
}

function fly(i) {
  const point = [SITES.lat[i], SITES.lon[i]], calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (!map.getBounds().pad(-0.1).contains(point)) map.panTo(point, { animate: !calm, duration: 0.2 });
}

/** Panels that change with the weights, or with what is shown. */
function redrawRail(any, weighed) {
  if (any('lang', 'view', 'site', 'cell', 'openGroup', 'lit', 'preview')) drawRail(rasters);
  else if (weighed && ['site', 'cell', 'parks'].includes(state.view)) drawRail(rasters);
  else if (state.view === 'site' && any('compare')) drawRail(rasters);
  else if (['rank', 'compare'].includes(state.view) && weighed && state.dragging) weighRows();
  else if (['rank', 'compare'].includes(state.view) && (weighed || any('dragging') || any('filters', 'search', 'notice', 'shown', 'compare'))) drawRows();
  if (state.view === 'compare' && (weighed || any('lang', 'view', 'compare', 'onlyDifferences'))) keepFocus(byId('compare'), drawCompare);
}

function redrawMap(any, weighed) {
  if (!layers.marks) return;
  if (any('layers')) {
    switchLayers();
    map.getContainer().classList.toggle('on-base', state.layers.base);
    drawAttribution();
  }
  // What flows is drawn with the parks only.
  if (any('layers', 'view')) drawLegend(byId('legend'));
  if (weighed && state.layers.surface) layers.surface.recolour();
  // A legend of another size takes other room from the names.
  if (any('lang', 'layers', 'view', 'legend', 'measuring')) layers.marks.settle();
  else layers.marks.redraw();
}

function redraw(changed) {
  const any = (...names) => names.some((name) => changed.has(name));
  const weighed = any('preset', 'groups', 'inner');
  if (any('lang', 'view')) drawFrame();
  if (any('lang', 'view', 'compare')) {
    keepFocus(byId('head'), drawHeader);
    // On a phone the views are more than fit beside one another.
    document.querySelector('#head .tab[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
  redrawRail(any, weighed);
  if (any('lang', 'locks')) drawDock();
  else if (weighed) refreshDock();
  if (any('lang')) {
    keepFocus(map.getContainer(), () => drawTools(map, home));
    drawAttribution();
    if (state.measuring) drawMeasured(map);
  }
  if (any('measuring')) byId('measure-button').setAttribute('aria-pressed', String(state.measuring));
  if (any('view')) map.invalidateSize({ animate: false });
  if (any('site', 'view') && state.view === 'site') {
    fly(state.site);
    // Who steps from site to site stays on the arrow, and hears where that leads.
    if (['previous', 'next'].includes(document.activeElement.id)) say(siteName(state.site));
    else byId('card-title')?.focus({ preventScroll: true });
  }
  if (![...changed].every((name) => OFF_THE_MAP.includes(name))) redrawMap(any, weighed);
  if (weighed) sayChange();
}

const siteAt = (event) => layers.marks.siteAt(event);

function hover(i) {
  if (state.hover === i) return;
  state.hover = i;
  map.getContainer().classList.toggle('pointing', i !== null);
  highlight(layers.marks.root);
  for (const row of document.querySelectorAll('[data-row]')) row.classList.toggle('hot', Number(row.dataset.row) === i);
}

function listenToPointer() {
  let before = null;
  map.on('click', (event) => {
    const site = siteAt(event), point = [event.latlng.lng, event.latlng.lat];
    if (state.measuring) addPoint(map, point);
    else if (site !== null && state.view === 'compare') toggleCompare(site);
    else if (site !== null) update({ view: 'site', site });
    // The second click of two asks no more than the first, and both are taken back: they were to zoom.
    else if (event.originalEvent.detail < 2) {
      before = { view: state.view, cell: state.cell };
      update({ view: 'cell', cell: point });
    }
  });
  map.on('dblclick', (event) => { if (before && siteAt(event) === null) update(before); });
  map.on('mousemove', (event) => hover(siteAt(event)));
  map.on('mouseout', () => hover(null));
  byId('rail').addEventListener('mouseover', (event) => {
    const row = event.target.closest('[data-row]');
    hover(row ? Number(row.dataset.row) : null);
  });
}

function keyItems() {
  return t('helpKeys').split('|').map((item) => item.split('=')).map(([key, act]) => h('div', {}, h('dt', {}, h('kbd', { dir: 'ltr', text: key })), h('dd', { text: act })));
}

function showKeys() {
  const open = byId('help');
  if (open) {
    open.close();
    open.remove();
    return;
  }
  const on = h('input', { type: 'checkbox', checked: state.keysOn, onchange: () => update({ keysOn: on.checked }) });
  const dialog = h('dialog', { id: 'help', 'aria-label': t('help'), dir: direction(), onclose: () => dialog.remove() }, h('h2', { text: t('help') }), h('dl', { class: 'keys-list' }, ...keyItems()),
    h('label', { class: 'switch' }, on, h('span', { text: t('keysOn') })), h('button', { type: 'button', class: 'button', text: t('close'), onclick: showKeys }));
  document.body.append(dialog);
  // Modal: the focus stays within, and goes back to where it was.
  dialog.showModal();
}

function makeMap() {
  Object.assign(map.options, { zoomSnap: 0, zoomDelta: 0.5, minZoom: 4.5, maxZoom: 13, wheelPxPerZoomLevel: 120 });
  document.body.insertBefore(map.getContainer(), byId('dock'));
  map.invalidateSize({ animate: false });
  makeTools(map);
  // A map that takes another size may move by itself; only a move at the same size is somebody's.
  map.on('movestart', () => { if (String(map.getSize()) === frame.size) frame.whole = false; });
  map.on('resize', () => { if (frame.whole && !document.body.classList.contains('printing')) home(); });
}

/** The legend lies open at first where it hides no site, and no more than half of the height. */
function placeLegend() {
  const box = byId('legend'), { x: west, y: north } = map.getContainer().getBoundingClientRect(), room = box.getBoundingClientRect();
  const hides = SITES.lat.some((lat, i) => {
    const { x, y } = map.latLngToContainerPoint([lat, SITES.lon[i]]);
    return x > room.left - west && x < room.right - west && y > room.top - north && y < room.bottom - north;
  });
  state.legend = !hides && map.getSize().x >= 760 && room.height <= map.getSize().y / 2;
  drawLegend(box);
}

function addLayers() {
  Object.assign(layers, drawContext(map), { base: makeBaseMap(map), surface: new GroundLayer(rasters.classes, rasters.lattice) });
  switchLayers();
  layers.marks = new MarksLayer();
  layers.marks.addTo(map);
}

async function start() {
  const { change, place } = readAddress(window.location.hash);
  await Promise.all([document.fonts.load('12px Vazirmatn', 'آA'), document.fonts.load('700 12px Vazirmatn', 'آA')]);
  [rasters.classes, rasters.lattice] = await Promise.all([readClasses(), readLattice()]);
  followAddress();
  makeMap();
  subscribe(redraw);
  update({ ...change, view: change.view ?? 'rank' });
  // Only now have the panels their size, and so the map: all that lies on it is drawn once.
  map.invalidateSize({ animate: false });
  if (place && region().contains([place[1], place[2]])) {
    map.setView([place[1], place[2]], place[0], { animate: false });
    keepWithin();
  } else home();
  placeLegend();
  addLayers();
  listenToPointer();
  listenForTip(map, siteAt, rasters);
  listenToKeys(map, home, showKeys);
  preparePrinting(map, home, frame);
  map.on('moveend', () => noteMap(map.getZoom(), map.getCenter()));
  byId('skip').addEventListener('click', () => document.querySelector('[data-row]')?.focus());
  document.body.dataset.ready = 'yes';
  performance.mark('ready');
}

// What a test or a curious reader may call; nothing else of the page is seen from outside.
window.siteselect = Object.freeze({
  data: DATA, state, update, map, fold: folded, utm: toUtm, csv: csvText, yaml: asYaml, measured,
  score: (weights) => scoreAll(weights), scoreMany: (sets) => sets.map(scoreAll), siteAt: (x, y) => dotAt(layers.marks.dots, { x, y }), scores: () => now.scores, ask: (lon, lat) => answerAt(rasters, [lon, lat]),
});

start();
