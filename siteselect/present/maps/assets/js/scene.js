// One state of the map while it is drawn: where things fall, what is taken, how words are set.
import { svg } from './base.js';
import { SITES } from './data.js';
import { makeBoard } from './place.js';
import { INK } from './symbols.js';
import { direction, isForeign } from './text.js';

const ruler = document.createElement('canvas').getContext('2d');
const widths = new Map();

export function widthOf(text, size, bold) {
  const font = `${bold ? 700 : 400} ${size}px Vazirmatn, sans-serif`, key = `${font} ${text}`;
  if (!widths.has(key)) {
    ruler.font = font;
    widths.set(key, ruler.measureText(text).width);
  }
  return widths.get(key);
}

/** Text with a white casing; a name cannot turn its surroundings, whichever marks are in it. */
export function label(text, x, y, size, properties = {}) {
  const { spacing, ...rest } = properties;
  return svg('text', {
    x, y: y + size * 0.36, 'font-size': size, 'text-anchor': 'middle', direction: isForeign(text) ? 'ltr' : direction(), fill: INK,
    stroke: '#FFFFFF', 'stroke-width': 2.8, 'stroke-linejoin': 'round', 'paint-order': 'stroke', class: 'label',
    'letter-spacing': spacing || null, ...rest, text,
  });
}

/** Boxes of the controls that names must keep clear of. */
export function controlBoxes(map) {
  const home = map.getContainer().getBoundingClientRect();
  const rects = [...map.getContainer().querySelectorAll('.keep-out, .attribution')].map((control) => control.getBoundingClientRect());
  return rects.filter((r) => r.width > 0).map((r) => [r.left - home.left - 2, r.top - home.top - 2, r.right - home.left + 2, r.bottom - home.top + 2]);
}

/** What does not change while the map rests: where things fall and what controls take. */
export function makeScene(map, controls) {
  const size = map.getSize(), small = size.x < 520;
  const board = makeBoard(size.x, size.y), hard = makeBoard(size.x, size.y);
  for (const box of controls) {
    board.take(box);
    hard.take(box);
  }
  const at = ([lon, lat]) => {
    const p = map.latLngToContainerPoint([lat, lon]);
    return [Math.round(p.x * 10) / 10, Math.round(p.y * 10) / 10];
  };
  const seen = ([x, y]) => x > -20 && y > -20 && x < size.x + 20 && y < size.y + 20;
  const spots = SITES.lon.map((lon, i) => at([lon, SITES.lat[i]]));
  const printing = document.body.classList.contains('printing');
  return { map, size, small, printing, board, hard, at, seen, spots, zoom: map.getZoom(), parts: emptyParts() };
}

function emptyParts() {
  return { below: [], leaders: [], marks: [], names: [] };
}

/** A new drawing over a scene at rest: it sees what is taken there and adds nothing to it. */
export function overScene(scene) {
  const { x, y } = scene.size;
  return { ...scene, board: makeBoard(x, y, scene.board), hard: makeBoard(x, y, scene.hard), parts: emptyParts() };
}

/** Set a word on a free spot, which is then taken. */
export function write(scene, text, spot, size, properties = {}) {
  scene.board.take(spot.box);
  scene.hard.take(spot.box);
  scene.parts.names.push(label(text, spot.at[0], spot.at[1], size, properties));
}
