// Names of seas, provinces, countries and towns, and the degrees of the graticule.
import { clamp, svg } from './base.js';
import { DATA } from './data.js';
import { boxAbout, placeLabel } from './place.js';
import { label, widthOf, write } from './scene.js';
import { state } from './state.js';
import { isPersian, nameOf, num } from './text.js';

// General geography; longitude, latitude, size, slope in Persian and English.
const SEAS = [
  { en: 'Persian Gulf', fa: 'خلیج فارس', at: [[50.62, 27.4], [51.5, 26.75], [50.45, 28.1], [50.1, 28.4], [49.85, 28.65], [52.6, 26.2]], size: 21, slope: 37 },
  { en: 'Gulf of Oman', fa: 'دریای عمان', at: [[59.3, 24.98], [58.6, 25.15], [60.2, 24.85]], size: 17, slope: 0 },
  { en: 'Str. of Hormuz', fa: 'تنگهٔ هرمز', at: [[56.62, 26.55], [56.35, 26.6], [56.7, 26.3], [56.75, 26.75]], size: 10.5, slope: 0 },
];

/** Boxes of the thirds of a sloping name. */
function slopingBoxes([x, y], half, size, slope) {
  const turn = (slope * Math.PI) / 180;
  return [-0.67, 0, 0.67].map((k) => boxAbout(x + k * half * Math.cos(turn), y + k * half * Math.sin(turn), half / 3 + 2, size * 0.7));
}

/** A place for the name of a sea: clear of everything, else smaller, else clear of the controls. */
function placeSea(scene, boards, sea, text) {
  const full = sea.size * clamp(scene.size.x / 1048, 0.6, 1.05) * (isPersian() ? 1 : 0.85);
  for (const board of boards) {
    for (const size of [full, full * 0.8]) {
      const spacing = isPersian() ? 0 : size / 8, half = (widthOf(text, size, false) + spacing * text.length) / 2;
      const boxesAt = (at) => slopingBoxes(at, half, size, sea.slope);
      const at = sea.at.map(scene.at).find((spot) => boxesAt(spot).every(board.free));
      if (at && size >= 8) return { at, size, spacing, boxes: boxesAt(at) };
    }
  }
  return null;
}

/** Names of seas clear of everything on `busy`, else only of the controls. */
export function drawSeas(scene, busy) {
  for (const sea of SEAS) {
    const text = nameOf(sea), found = placeSea(scene, [busy, scene.hard], sea, text);
    if (!found) continue;
    const [x, y] = found.at;
    found.boxes.forEach(scene.board.take);
    scene.parts.below.push(label(text, x, y, found.size, {
      fill: '#355F7C', stroke: 'none', spacing: found.spacing, 'font-style': isPersian() ? null : 'italic', transform: `rotate(${sea.slope} ${x} ${y})`,
    }));
  }
}

const STEPS_ASIDE = [[0, 0], [0, -0.25], [0, 0.3], [0.35, 0], [-0.35, 0], [0, -0.5], [0, 0.6], [0.5, 0.4], [-0.5, -0.4], [0.8, 0], [-0.8, 0]];

/** A name near its spot, clear of what is on the first board that has room. */
function drawAreaName(scene, boards, text, position, size, properties = {}) {
  const width = widthOf(text, size, properties['font-weight'] === 700) + (properties.spacing ?? 0) * text.length;
  for (const board of boards) {
    for (const [east, north] of STEPS_ASIDE) {
      const [x, y] = scene.at([position[0] + east, position[1] + north]);
      const box = boxAbout(x, y, width / 2 + 1, size * 0.65);
      if (board.free(box)) {
        write(scene, text, { at: [x, y], box }, size, properties);
        return;
      }
    }
  }
}

export function drawAreaNames(scene) {
  for (const province of DATA.context.provinces.filter((p) => p.study)) {
    const text = isPersian() ? nameOf(province) : nameOf(province).toUpperCase();
    // A province is named even where its sites leave no room.
    drawAreaName(scene, [scene.board, scene.hard], text, province.spot, isPersian() ? (scene.small ? 12 : 15) : 12.5, { 'font-weight': 700, spacing: isPersian() ? 0 : 1.2, fill: '#2A3340' });
  }
  const neighbour = { fill: '#6A6458' };
  for (const land of DATA.context.neighbours) drawAreaName(scene, [scene.board], nameOf(land), land.spot, 11, neighbour);
  for (const province of DATA.context.provinces.filter((p) => !p.study)) drawAreaName(scene, [scene.board], nameOf(province), province.spot, 11, neighbour);
}

export function drawTowns(scene) {
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

export function drawDegrees(scene) {
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
