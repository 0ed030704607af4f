// Sites, ports, works and names over the map, placed anew whenever the map has come to rest.
import { clamp, fill, svg } from './base.js';
import { DATA, EXCLUDED, LIST_LENGTH, OPEN, SITES, UNDETERMINED, unflat } from './data.js';
import { boxAbout, makeBoard, placeLabel, placeMark } from './place.js';
import { now, passes, state } from './state.js';
import { ACTION, INK, inkOn, portSymbol, shape, siteColour, worksSymbol } from './symbols.js';
import { direction, isPersian, nameOf, num, siteName } from './text.js';
import { PLACES } from './words.js';

const NAMES_AT_ZOOM = [[7, LIST_LENGTH], [9, 40], [Infinity, Infinity]];
const LETTERS_OF = { fa: ['آ', 'ب', 'ج', 'د'], en: ['A', 'B', 'C', 'D'] };
const ruler = document.createElement('canvas').getContext('2d');

export function letterOf(place) {
  return LETTERS_OF[state.lang][place];
}

function widthOf(text, size, bold) {
  ruler.font = `${bold ? 700 : 400} ${size}px Vazirmatn, sans-serif`;
  return ruler.measureText(text).width;
}

/** Text with a white casing; a name cannot turn its surroundings, whichever marks are in it. */
function label(text, x, y, size, properties = {}) {
  const { spacing, ...rest } = properties;
  return svg('text', {
    x, y: y + size * 0.36, 'font-size': size, 'text-anchor': 'middle', direction: direction(), fill: INK,
    stroke: '#FFFFFF', 'stroke-width': 2.8, 'stroke-linejoin': 'round', 'paint-order': 'stroke', class: 'label',
    'letter-spacing': spacing || null, ...rest, text,
  });
}

/** What is drawn of one state of the map. */
function makeScene(map) {
  const size = map.getSize(), small = size.x < 520;
  const board = makeBoard(size.x, size.y), hard = makeBoard(size.x, size.y);
  const home = map.getContainer().getBoundingClientRect();
  for (const control of map.getContainer().querySelectorAll('.keep-out')) {
    const r = control.getBoundingClientRect();
    if (r.width === 0) continue;
    const box = [r.left - home.left - 2, r.top - home.top - 2, r.right - home.left + 2, r.bottom - home.top + 2];
    board.take(box);
    hard.take(box);
  }
  const at = ([lon, lat]) => {
    const p = map.latLngToContainerPoint([lat, lon]);
    return [Math.round(p.x * 10) / 10, Math.round(p.y * 10) / 10];
  };
  const seen = ([x, y]) => x > -20 && y > -20 && x < size.x + 20 && y < size.y + 20;
  return { map, size, small, board, hard, at, seen, zoom: map.getZoom(), parts: { below: [], leaders: [], marks: [], names: [] } };
}

function drawSeas(scene) {
  const scale = clamp(scene.size.x / 1048, 0.6, 1.05);
  for (const sea of PLACES.seas) {
    const text = nameOf(sea), size = sea.size * scale;
    const spacing = isPersian() ? 0 : 2.5, half = (widthOf(text, size, false) + spacing * text.length) / 2;
    const slope = (sea.slope * Math.PI) / 180;
    // A sloping name takes the boxes of its thirds.
    const boxesAt = ([x, y]) => [-0.67, 0, 0.67].map((k) => boxAbout(x + k * half * Math.cos(slope), y + k * half * Math.sin(slope), half / 3 + 2, size * 0.7));
    const spots = sea.at.map(scene.at), spotFree = (board) => spots.find((at) => boxesAt(at).every(board.free));
    const spot = spotFree(scene.board) ?? spotFree(scene.hard);
    if (!spot || size < 8.5) continue;
    const [x, y] = spot;
    boxesAt(spot).forEach(scene.board.take);
    scene.parts.below.push(label(text, x, y, size, {
      fill: '#355F7C', stroke: 'none', spacing, 'font-style': isPersian() ? null : 'italic', transform: `rotate(${sea.slope} ${x} ${y})`,
    }));
  }
}

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
  const i = state.site, [x, y] = scene.at([SITES.lon[i], SITES.lat[i]]);
  for (const ring of SITES.outline[i] ?? []) {
    const path = unflat(ring).map(scene.at).map(([a, b]) => `${a} ${b}`).join('L');
    scene.parts.below.push(svg('path', { d: `M${path}Z`, fill: ACTION, 'fill-opacity': 0.12, stroke: ACTION, 'stroke-width': 1.4, 'fill-rule': 'evenodd' }));
  }
  if (!(SITES.accuracy[i] > 0)) return;
  const metres = (40075016.7 * Math.cos((SITES.lat[i] * Math.PI) / 180)) / (256 * 2 ** scene.zoom);
  const r = Math.max(14, (SITES.accuracy[i] * 1000) / metres);
  scene.parts.below.push(svg('circle', { class: 'accuracy', cx: x, cy: y, r, fill: ACTION, 'fill-opacity': 0.1, stroke: ACTION, 'stroke-width': 1.4, 'stroke-dasharray': '5 4' }));
}

function isLit(i) {
  return state.lit !== null && state.lit.some((c) => [UNDETERMINED, OPEN].includes(Number(SITES.answers[c][i])));
}

function faint(i) {
  if (!passes(i)) return 0.18;
  return state.lit !== null && !isLit(i) ? 0.25 : 1;
}

function drawSmall(scene, numbered) {
  const radius = scene.small ? 2.8 : scene.size.x < 900 ? 3.6 : 4.4;
  for (const i of [...now.scores.rest, ...[...now.scores.listed].reverse()]) {
    if (numbered.has(i)) continue;
    const [x, y] = scene.at([SITES.lon[i], SITES.lat[i]]);
    if (!scene.seen([x, y])) continue;
    const excluded = SITES.official.verdict[i] === EXCLUDED, hot = isLit(i);
    scene.parts.marks.push(svg('g', { 'data-site': i, class: 'mark small', opacity: faint(i) },
      svg('title', { text: siteName(i) }),
      shape(SITES.kind[i], x, y, radius, { fill: siteColour(i), stroke: hot ? ACTION : '#FFFFFF', 'stroke-width': hot ? 4.5 : 2.4 }),
      shape(SITES.kind[i], x, y, radius, { fill: siteColour(i), stroke: INK, 'stroke-width': 0.9, 'stroke-dasharray': excluded ? '1.5 1.5' : null })));
    // On a small screen they are too many to keep clear of.
    if (!scene.small) scene.board.take(boxAbout(x, y, 4.5, 4.5));
  }
}

function rings(i, x, y, r) {
  const place = state.compare.indexOf(i), found = [];
  const ring = (extra, properties) => found.push(shape(SITES.kind[i], x, y, r + extra, { fill: '#FFFFFF', ...properties }));
  if (place >= 0) ring(4.5, { stroke: ACTION, 'stroke-width': 2.2, 'stroke-dasharray': '4 2' });
  if (state.site === i && state.view === 'site') ring(3.4, { stroke: ACTION, 'stroke-width': 2.6 });
  else if (isLit(i)) ring(3.2, { stroke: ACTION, 'stroke-width': 1.6 });
  else if (place < 0) ring(1.4, { stroke: '#FFFFFF', 'stroke-width': 1.6 });
  if (place >= 0) {
    found.push(svg('circle', { cx: x + r + 4, cy: y - r - 4, r: 7, fill: ACTION, stroke: '#FFFFFF' }));
    found.push(label(letterOf(place), x + r + 4, y - r - 4, 9.5, { fill: '#FFFFFF', stroke: 'none', 'font-weight': 700 }));
  }
  return found;
}

function drawNumbered(scene, numbered) {
  const radius = scene.small ? 9 : 11.5, placed = [];
  for (const i of numbered) {
    const [x, y] = scene.at([SITES.lon[i], SITES.lat[i]]);
    if (!scene.board.inside(boxAbout(x, y, 1, 1))) continue;
    const spot = placeMark([scene.board, scene.hard], x, y, radius);
    if (!spot) continue;
    scene.board.take(spot.box);
    scene.hard.take(spot.box);
    const [cx, cy] = spot.at, colour = siteColour(i);
    if (spot.moved) {
      const d = `M${x} ${y}L${cx} ${cy}`;
      scene.parts.leaders.push(svg('path', { d, stroke: '#FFFFFF', 'stroke-width': 3.2 }), svg('path', { d, stroke: INK, 'stroke-width': 1.1 }),
        svg('circle', { cx: x, cy: y, r: 2.6, fill: INK, stroke: '#FFFFFF', 'stroke-width': 1 }));
    }
    const rank = now.scores.rank[i] ? num(now.scores.rank[i]) : '×', tall = rank.length > 2 ? 0.8 : 1;
    scene.parts.marks.push(svg('g', { 'data-site': i, class: 'mark ranked', opacity: faint(i) }, svg('title', { text: siteName(i) }), ...rings(i, cx, cy, radius),
      shape(SITES.kind[i], cx, cy, radius, { fill: colour, stroke: INK, 'stroke-width': 1.3, class: 'body' }),
      label(rank, cx, cy + (SITES.kind[i] === 'proposed' ? 2 : 0), radius * tall, { fill: inkOn(colour), stroke: 'none', 'font-weight': 700 })));
    placed.push({ i, at: spot.at });
  }
  return placed;
}

function write(scene, text, spot, size, properties = {}) {
  scene.board.take(spot.box);
  scene.parts.names.push(label(text, spot.at[0], spot.at[1], size, properties));
}

function drawSiteNames(scene, placed) {
  if (scene.small) return;
  for (const { i, at } of placed) {
    const text = siteName(i), size = [widthOf(text, 12, true), 15];
    const spot = placeLabel(scene.board, at[0], at[1], size, 15);
    if (spot) write(scene, text, spot, 12, { 'font-weight': 700, 'stroke-width': 3.2, 'data-name': i });
  }
}

const STEPS_ASIDE = [[0, 0], [0, -0.25], [0, 0.3], [0.35, 0], [-0.35, 0], [0, -0.5], [0, 0.6], [0.5, 0.4], [-0.5, -0.4], [0.8, 0], [-0.8, 0]];

function drawAreaName(scene, text, position, size, properties = {}) {
  const width = widthOf(text, size, properties['font-weight'] === 700) + (properties.spacing ?? 0) * text.length;
  for (const [east, north] of STEPS_ASIDE) {
    const [x, y] = scene.at([position[0] + east, position[1] + north]);
    const box = boxAbout(x, y, width / 2 + 1, size * 0.65);
    if (scene.board.free(box)) {
      write(scene, text, { at: [x, y], box }, size, properties);
      return;
    }
  }
}

function drawAreaNames(scene) {
  for (const province of DATA.context.provinces.filter((p) => p.study)) {
    const text = isPersian() ? nameOf(province) : nameOf(province).toUpperCase();
    drawAreaName(scene, text, province.spot, isPersian() ? (scene.small ? 12 : 15) : 12.5, { 'font-weight': 700, spacing: isPersian() ? 0 : 1.2, fill: '#2A3340' });
  }
  const neighbour = { fill: '#6A6458' };
  for (const land of DATA.context.neighbours) drawAreaName(scene, nameOf(land), land.spot, 11, neighbour);
  for (const province of DATA.context.provinces.filter((p) => !p.study)) drawAreaName(scene, nameOf(province), province.spot, 11, neighbour);
}

function drawTowns(scene) {
  if (!state.layers.towns || scene.small) return;
  const most = scene.zoom < 7 ? 14 : scene.zoom < 8 ? 40 : 160;
  for (const town of DATA.context.towns.slice(0, most)) {
    const [x, y] = scene.at(town.at);
    if (!scene.seen([x, y])) continue;
    const text = nameOf(town), spot = placeLabel(scene.board, x, y, [widthOf(text, 10.5, false), 13], 4);
    if (!spot) continue;
    scene.parts.below.push(svg('circle', { cx: x, cy: y, r: 1.7, fill: '#FFFFFF', stroke: '#39424E', 'stroke-width': 1 }));
    write(scene, text, spot, 10.5, { fill: '#39424E', 'stroke-width': 2.2 });
  }
}

function drawDegrees(scene) {
  if (!state.layers.graticule || scene.small) return;
  const [west, south, east, north] = DATA.box, quiet = { fill: '#4A6578', stroke: '#FFFFFF', 'stroke-width': 2 };
  for (let lon = Math.ceil(west / 2) * 2; lon < east; lon += 2) {
    const [x] = scene.at([lon, 28]), box = boxAbout(x, 9, 14, 7);
    if (scene.board.free(box)) write(scene, `${num(lon)}°${isPersian() ? '' : 'E'}`, { at: [x, 9], box }, 9.5, quiet);
  }
  for (let lat = Math.ceil(south / 2) * 2; lat < north; lat += 2) {
    const [edge, y] = scene.at([west, lat]), x = Math.max(17, edge + 17), box = boxAbout(x, y - 7, 14, 7);
    if (scene.board.free(box)) write(scene, `${num(lat)}°${isPersian() ? '' : 'N'}`, { at: [x, y - 7], box }, 9.5, quiet);
  }
}

/** Sites that carry a number: the first, then those chosen or compared, in rank order. */
function numberedSites(scene) {
  const limit = scene.small ? LIST_LENGTH : NAMES_AT_ZOOM.find(([zoom]) => scene.zoom < zoom)[1];
  const inView = now.scores.listed.filter((i) => scene.seen(scene.at([SITES.lon[i], SITES.lat[i]])));
  const first = scene.zoom < 7 ? now.scores.listed.slice(0, limit) : inView.slice(0, limit);
  const chosen = state.view === 'site' && state.site !== null ? [state.site] : [];
  const extra = [...chosen, ...state.compare].filter((i) => !first.includes(i));
  return new Set([...extra, ...first.filter(passes)]);
}

export const MarksLayer = L.Layer.extend({
  onAdd(map) {
    this.root = svg('svg', { class: 'marks leaflet-zoom-hide', role: 'presentation' });
    map.getPane('marks').append(this.root);
    map.on('moveend resize', this.redraw, this);
    this.redraw();
  },
  redraw() {
    const scene = makeScene(this._map);
    L.DomUtil.setPosition(this.root, this._map.containerPointToLayerPoint([0, 0]));
    this.root.setAttribute('width', scene.size.x);
    this.root.setAttribute('height', scene.size.y);
    drawFeatures(scene);
    drawSeas(scene);
    if (state.layers.sites) {
      const numbered = numberedSites(scene);
      drawSelected(scene);
      drawSmall(scene, numbered);
      drawSiteNames(scene, drawNumbered(scene, numbered));
    }
    drawAreaNames(scene);
    drawTowns(scene);
    drawDegrees(scene);
    const { below, leaders, marks, names } = scene.parts;
    fill(this.root, ...below, ...leaders, ...names, ...marks);
  },
});

export function siteOfEvent(event) {
  const mark = event.target.closest?.('[data-site]');
  return mark ? Number(mark.getAttribute('data-site')) : null;
}

export function highlight(root) {
  for (const mark of root.querySelectorAll('.mark')) {
    mark.classList.toggle('hot', Number(mark.getAttribute('data-site')) === state.hover);
  }
}
