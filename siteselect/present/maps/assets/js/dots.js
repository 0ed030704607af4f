// Sites without a number, as small shapes on a canvas: two thousand are drawn anew at every step.
import { EXCLUDED, SITES, fixForPrint } from './data.js';
import { ACTION, INK, shapePath, siteColour } from './symbols.js';

const SIDE = 24;
const REACH = 9;

function sprite(kind, look, radius, scale) {
  const sheet = document.createElement('canvas'), pen = sheet.getContext('2d');
  sheet.width = SIDE * scale;
  sheet.height = SIDE * scale;
  pen.scale(scale, scale);
  pen.lineJoin = 'round';
  const path = new Path2D(shapePath(kind, SIDE / 2, SIDE / 2, radius));
  pen.lineWidth = look.hot ? 4.5 : 2.4;
  pen.strokeStyle = look.hot ? ACTION : '#FFFFFF';
  pen.stroke(path);
  pen.fillStyle = look.colour;
  pen.fill(path);
  pen.lineWidth = 0.9;
  pen.strokeStyle = INK;
  if (look.excluded) pen.setLineDash([1.5, 1.5]);
  pen.stroke(path);
  return sheet;
}

/** The canvas and what is on it. */
export function makeDots(pane) {
  const canvas = document.createElement('canvas');
  canvas.className = 'dots leaflet-zoom-hide';
  pane.append(canvas);
  return { canvas, drawn: [], sprites: new Map() };
}

/** Draw sites, the last on top; `faint` and `hot` say how. */
export function drawDots(dots, scene, sites, { radius, faint, hot }) {
  const scale = scene.printing ? 3 : Math.min(2, window.devicePixelRatio || 1), { canvas } = dots;
  canvas.width = scene.size.x * scale;
  canvas.height = scene.size.y * scale;
  canvas.style.width = `${scene.size.x}px`;
  canvas.style.height = `${scene.size.y}px`;
  const pen = canvas.getContext('2d');
  pen.scale(scale, scale);
  dots.drawn = [];
  for (const i of sites) {
    const [x, y] = scene.spots[i];
    if (!scene.seen([x, y])) continue;
    const look = { colour: siteColour(i), excluded: SITES.verdict[i] === EXCLUDED, hot: hot(i) };
    const key = `${SITES.kind[i]} ${look.colour} ${look.excluded} ${look.hot} ${radius} ${scale}`;
    if (!dots.sprites.has(key)) dots.sprites.set(key, sprite(SITES.kind[i], look, radius, scale));
    pen.globalAlpha = faint(i);
    pen.drawImage(dots.sprites.get(key), x - SIDE / 2, y - SIDE / 2, SIDE, SIDE);
    dots.drawn.push({ i, x, y });
  }
  fixForPrint(canvas);
}

/** The site whose shape is nearest to a point of the map, or null if none is near. */
export function dotAt(dots, { x, y }) {
  let best = null, least = REACH ** 2;
  for (const dot of dots.drawn) {
    const away = (dot.x - x) ** 2 + (dot.y - y) ** 2;
    if (away <= least) [best, least] = [dot.i, away];
  }
  return best;
}
