// Sites, ports and works over the map, placed anew whenever the map has come to rest.
import { fill, refill, svg } from './base.js';
import { isPark, preview, showsParks, shownParks } from './choice.js';
import { DATA, LIST_LENGTH, OPEN, SITES, UNDETERMINED, unflat } from './data.js';
import { drawFlows } from './flows.js';
import { dotAt, drawDots, makeDots } from './dots.js';
import { drawAreaNames, drawDegrees, drawSeas, drawTowns } from './names.js';
import { apartness, boxAbout, makeBoard, placeLabel, placeMark } from './place.js';
import { controlBoxes, label, makeScene, overScene, widthOf, write } from './scene.js';
import { letterOf, litRules, now, passes, state } from './state.js';
import { ACTION, INK, inkOn, portSymbol, shape, siteColour, worksSymbol } from './symbols.js';
import { num, siteName } from './text.js';

const NAMES_AT_ZOOM = [[7, LIST_LENGTH], [9, 40], [Infinity, Infinity]];
const A4_WIDTH = 900;
const NAMES_ON_A3 = 30;
const CLEARER = 6;
const COMES = '#00694C';
const GOES = '#9A3412';

function drawFeatures(scene) {
  const put = (list, draw, half) => {
    for (const feature of list) {
      const [x, y] = scene.at(feature.at);
      if (!scene.seen([x, y])) continue;
      scene.parts.below.push(draw(feature, x, y));
      if (half) scene.board.take(boxAbout(x, y, half, half));
    }
  };
  const { layers } = state;
  if (layers.estates) put(DATA.context.estates, (f, x, y) => svg('rect', { x: x - 1.9, y: y - 1.9, width: 3.8, height: 3.8, fill: f.origin === 'recalled' ? '#FFFFFF' : '#D9DCE0', stroke: '#2E3338', 'stroke-width': 0.9 }), 0);
  if (layers.feedstock) put(DATA.context.feedstock, (f, x, y) => worksSymbol(f.kind, x, y, f.origin === 'recalled'), 5);
  if (layers.ports) put(DATA.context.ports, (f, x, y) => portSymbol(f.depth, x, y), 5);
}

function drawSelected(scene) {
  if (state.site === null || state.view !== 'site') return;
  const i = state.site, [x, y] = scene.spots[i];
  for (const ring of SITES.outline[i] ?? []) {
    const path = unflat(ring).map(scene.at).map(([a, b]) => `${a} ${b}`).join('L');
    scene.parts.below.push(svg('path', { d: `M${path}Z`, fill: ACTION, 'fill-opacity': 0.12, stroke: ACTION, 'stroke-width': 1.4, 'fill-rule': 'evenodd' }));
  }
  if (!(SITES.accuracy[i] > 0)) return;
  const metres = (40075016.7 * Math.cos((SITES.lat[i] * Math.PI) / 180)) / (256 * 2 ** scene.zoom);
  const r = Math.max(14, (SITES.accuracy[i] * 1000) / metres);
  scene.parts.below.push(svg('circle', { class: 'accuracy', cx: x, cy: y, r, fill: ACTION, 'fill-opacity': 0.1, stroke: ACTION, 'stroke-width': 1.4, 'stroke-dasharray': '5 4' }));
}

/** The point that was asked about. */
function drawAsked(scene) {
  if (state.view !== 'cell') return;
  const [x, y] = scene.at(state.cell), d = `M${x - 14} ${y}h9M${x + 5} ${y}h9M${x} ${y - 14}v9M${x} ${y + 5}v9`;
  scene.parts.marks.push(svg('path', { d, stroke: '#FFFFFF', 'stroke-width': 5 }), svg('path', { class: 'asked', d, stroke: ACTION, 'stroke-width': 2.4 }));
}

function isLit(i) {
  return litRules()?.some((c) => [UNDETERMINED, OPEN].includes(Number(SITES.answers[c][i]))) ?? false;
}

function faint(i) {
  if (!passes(i)) return 0.18;
  if (showsParks() && !isPark(i) && !preview().joins.includes(i)) return 0.4;
  return litRules() && !isLit(i) ? 0.25 : 1;
}

function drawSmall(scene, dots, numbered) {
  const sites = [...now.scores.rest, ...[...now.scores.listed].reverse()].filter((i) => !numbered.has(i));
  const radius = scene.small ? 2.8 : scene.size.x < 900 ? 3.6 : 4.4;
  drawDots(dots, scene, sites, { radius, faint, hot: isLit });
  // On a small screen they are too many to keep clear of.
  if (!scene.small) for (const { x, y } of dots.drawn) scene.board.take(boxAbout(x, y, 4.5, 4.5));
}

/** What a site is to the set that is looked at: it comes in, it goes, or neither. */
function moveOf(i) {
  if (!showsParks()) return null;
  const { joins, leaves } = preview();
  if (joins.includes(i)) return { stroke: COMES, 'stroke-width': 3 };
  return leaves.includes(i) ? { stroke: GOES, 'stroke-width': 2.4, 'stroke-dasharray': '3 2.5' } : null;
}

function rings(i, x, y, r) {
  const place = state.compare.indexOf(i), found = [], move = moveOf(i);
  const ring = (extra, properties) => found.push(shape(SITES.kind[i], x, y, r + extra, { fill: '#FFFFFF', ...properties }));
  if (place >= 0) ring(4.5, { stroke: ACTION, 'stroke-width': 2.2, 'stroke-dasharray': '4 2' });
  if (state.site === i && state.view === 'site') ring(3.4, { stroke: ACTION, 'stroke-width': 2.6 });
  else if (move) ring(3.6, move);
  else if (isLit(i)) ring(3.2, { stroke: ACTION, 'stroke-width': 1.6 });
  else if (place < 0) ring(1.4, { stroke: '#FFFFFF', 'stroke-width': 1.6 });
  if (place >= 0) {
    found.push(svg('circle', { cx: x + r + 4, cy: y - r - 4, r: 7, fill: ACTION, stroke: '#FFFFFF' }));
    found.push(label(letterOf(place), x + r + 4, y - r - 4, 9.5, { fill: '#FFFFFF', stroke: 'none', 'font-weight': 700 }));
  }
  return found;
}

function leader([x, y], [cx, cy]) {
  const d = `M${x} ${y}L${cx} ${cy}`;
  return [svg('path', { d, stroke: '#FFFFFF', 'stroke-width': 3.2 }), svg('path', { d, stroke: INK, 'stroke-width': 1.1 }),
    svg('circle', { cx: x, cy: y, r: 2.6, fill: INK, stroke: '#FFFFFF', 'stroke-width': 1 })];
}

function drawNumbered(scene, numbered) {
  const radius = scene.small ? 9 : 11.5, placed = [];
  for (const i of numbered) {
    const [x, y] = scene.spots[i];
    if (!scene.board.inside(boxAbout(x, y, 1, 1))) continue;
    const spot = placeMark([scene.board, scene.hard], x, y, radius);
    if (!spot) continue;
    scene.board.take(spot.box);
    scene.hard.take(spot.box);
    const [cx, cy] = spot.at, colour = siteColour(i);
    if (spot.moved) scene.parts.leaders.push(...leader([x, y], spot.at));
    const rank = now.scores.rank[i] ? num(now.scores.rank[i]) : '×', tall = rank.length > 2 ? 0.8 : 1;
    scene.parts.marks.push(svg('g', { 'data-site': i, class: 'mark ranked', opacity: faint(i) }, ...rings(i, cx, cy, radius),
      shape(SITES.kind[i], cx, cy, radius, { fill: colour, stroke: INK, 'stroke-width': 1.3, class: 'body' }),
      label(rank, cx, cy + (SITES.kind[i] === 'proposed' ? 2 : 0), radius * tall, { fill: inkOn(colour), stroke: 'none', 'font-weight': 700 })));
    placed.push({ i, at: spot.at, body: boxAbout(cx, cy, radius, radius) });
  }
  return placed;
}

function drawSiteNames(scene, placed) {
  if (scene.small) return;
  for (const { i, at, body } of placed) {
    const text = siteName(i), size = [widthOf(text, 12, true), 15], others = placed.filter((other) => other.i !== i);
    // A name is read with the mark that it stands nearest to, so that this must be its own.
    const own = (box) => others.every((other) => apartness(box, other.body) > apartness(box, body) + CLEARER);
    const spot = placeLabel(scene.board, at[0], at[1], size, 15, own);
    if (spot) write(scene, text, spot, 12, { 'font-weight': 700, 'stroke-width': 3.2, 'data-name': i });
  }
}

/** Sites that carry a number: the first or the parks, then those chosen or compared. */
function numberedSites(scene) {
  const chosen = state.view === 'site' && state.site !== null ? [state.site] : [];
  const extra = [...chosen, ...state.compare];
  if (showsParks()) return new Set([...extra, ...shownParks(now.scores), ...preview().leaves]);
  const most = scene.printing && scene.size.x > A4_WIDTH ? NAMES_ON_A3 : LIST_LENGTH;
  const limit = scene.small ? LIST_LENGTH : NAMES_AT_ZOOM.find(([zoom]) => scene.zoom < zoom)[1];
  const listed = now.scores.listed.filter(passes), inView = listed.filter((i) => scene.seen(scene.spots[i]));
  const first = scene.zoom < 7 || scene.printing ? listed.slice(0, scene.printing ? most : limit) : inView.slice(0, limit);
  return new Set([...extra.filter((i) => !first.includes(i)), ...first]);
}

export const MarksLayer = L.Layer.extend({
  onAdd(map) {
    const sheet = (pane) => {
      const root = svg('svg', { class: 'marks leaflet-zoom-hide', role: 'presentation' });
      map.getPane(pane).append(root);
      return root;
    };
    this.under = sheet('under');
    this.dots = makeDots(map.getPane('dots'));
    this.root = sheet('marks');
    this.stillRoot = svg('g');
    this.chosenRoot = svg('g');
    this.under.append(this.stillRoot, this.chosenRoot);
    this.places = svg('g');
    this.sites = svg('g');
    this.root.append(this.places, this.sites);
    map.on('moveend resize', this.settle, this);
    this.settle();
  },
  /** Draw what rests with the map: works, ports and seas; the controls are measured only here. */
  settle() {
    const scene = makeScene(this._map, controlBoxes(this._map)), { size } = scene;
    for (const sheet of [this.under, this.dots.canvas, this.root]) {
      L.DomUtil.setPosition(sheet, this._map.containerPointToLayerPoint([0, 0]));
      sheet.setAttribute('width', size.x);
      sheet.setAttribute('height', size.y);
    }
    drawFeatures(scene);
    const busy = makeBoard(size.x, size.y, scene.board);
    if (state.layers.sites) for (const [x, y] of scene.spots.filter(scene.seen)) busy.take(boxAbout(x, y, 4.5, 4.5));
    drawSeas(scene, busy);
    fill(this.stillRoot, ...scene.parts.below);
    this.still = scene;
    this.redraw();
  },
  /** Draw what follows the weights and the choice; names of places keep still under a held thumb. */
  redraw() {
    const scene = overScene(this.still), numbered = numberedSites(scene);
    this.dots.canvas.hidden = !state.layers.sites;
    drawFlows(scene);
    if (state.layers.sites) {
      drawSelected(scene);
      drawSmall(scene, this.dots, numbered);
      drawSiteNames(scene, drawNumbered(scene, numbered));
    }
    refill(this.chosenRoot, ...scene.parts.below);
    drawAsked(scene);
    const { leaders, marks, names } = scene.parts;
    refill(this.sites, ...leaders, ...names, ...marks);
    if (!state.dragging) this.redrawPlaces(scene);
  },
  redrawPlaces(scene) {
    const places = { ...scene, parts: { below: [], names: [] } };
    drawAreaNames(places);
    drawTowns(places);
    drawDegrees(places);
    fill(this.places, ...places.parts.below, ...places.parts.names);
  },
  /** The site at an event of the map, or null. */
  siteAt(event) {
    const mark = event.originalEvent.target.closest?.('[data-site]');
    if (mark) return Number(mark.getAttribute('data-site'));
    return state.layers.sites ? dotAt(this.dots, event.containerPoint) : null;
  },
});

export function highlight(root) {
  for (const mark of root.querySelectorAll('.mark')) {
    mark.classList.toggle('hot', Number(mark.getAttribute('data-site')) === state.hover);
  }
}
