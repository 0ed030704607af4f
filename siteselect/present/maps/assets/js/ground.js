// The suitability surface: classes coloured, doubt hatched, exclusion cross-hatched, at screen scale.
import { DATA, fixForPrint, pixels } from './data.js';
import { toMercator } from './geo.js';
import { scoreNodes } from './live.js';
import { isExploratory, now } from './state.js';

const PAD = 0.25;
const UNDETERMINED_CLASS = DATA.ground.palette.length - 2, EXCLUDED_CLASS = DATA.ground.palette.length - 1;
const HATCH = { undetermined: [0xa7, 0x9c, 0x86], excluded: [0x8f, 0x88, 0x7d] };
const rgb = (colour) => [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16));
const TONES = DATA.ground.palette.map(rgb);

/** Class of every pixel of the picture, by its colour in the palette. */
export async function readClasses() {
  const data = await pixels(DATA.ground);
  const byColour = new Map(TONES.map(([r, g, b], index) => [(r << 16) | (g << 8) | b, index]));
  const classes = new Uint8Array(data.length / 4);
  for (let i = 0; i < classes.length; i += 1) {
    classes[i] = byColour.get((data[4 * i] << 16) | (data[4 * i + 1] << 8) | data[4 * i + 2]) ?? 0;
  }
  return classes;
}

/** Index of the source column or row for each pixel of a side of the screen; -1 outside. */
function sourceIndex(count, start, step, low, high, cells) {
  const found = new Int32Array(count);
  for (let k = 0; k < count; k += 1) {
    const index = Math.floor(((start + (k + 0.5) * step - low) / (high - low)) * cells);
    found[k] = index >= 0 && index < cells ? index : -1;
  }
  return found;
}

function tone(kind, x, y, scale) {
  const u = Math.floor(x / scale), v = Math.floor(y / scale);
  if (kind === UNDETERMINED_CLASS && (u + v) % 6 === 0) return HATCH.undetermined;
  if (kind === EXCLUDED_CLASS && ((u + v) % 5 === 0 || (u - v + 5000) % 5 === 0)) return HATCH.excluded;
  return TONES[kind];
}

/** Paint the classes of a Mercator window on a canvas; `wanted` says which. */
export function paint(canvas, classes, frame, scale, wanted) {
  const { width, height } = canvas, picture = DATA.ground;
  const [west, south, east, north] = picture.bounds;
  const columns = sourceIndex(width, frame.west, frame.step, west, east, picture.columns);
  const rows = sourceIndex(height, -frame.north, frame.step, -north, -south, picture.rows);
  const context = canvas.getContext('2d');
  const image = context.createImageData(width, height);
  for (let y = 0; y < height; y += 1) {
    if (rows[y] < 0) continue;
    for (let x = 0; x < width; x += 1) {
      const kind = columns[x] < 0 ? 0 : classes[rows[y] * picture.columns + columns[x]];
      if (kind === 0 || !wanted(kind)) continue;
      const at = 4 * (y * width + x), [r, g, b] = tone(kind, x, y, scale);
      image.data[at] = r;
      image.data[at + 1] = g;
      image.data[at + 2] = b;
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}

const isColoured = (kind) => kind < UNDETERMINED_CLASS;
const isHatched = (kind) => kind >= UNDETERMINED_CLASS;

/** The lattice under the present weights, a pixel a node, in the colours of the classes. */
function paintNodes(canvas, lattice) {
  const picture = DATA.lattice, scores = scoreNodes(lattice, now.scores.shares), { limits } = DATA.ground;
  canvas.width = picture.columns;
  canvas.height = picture.rows;
  const context = canvas.getContext('2d'), image = context.createImageData(picture.columns, picture.rows);
  const colours = new Uint32Array(image.data.buffer);
  const [unknown, ...tones] = [TONES[UNDETERMINED_CLASS], ...TONES.slice(1, UNDETERMINED_CLASS)].map(([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0);
  for (let k = 0; k < scores.length; k += 1) {
    const score = scores[k];
    let kind = 0;
    while (kind < limits.length && score >= limits[kind]) kind += 1;
    colours[lattice.nodes[k]] = Number.isNaN(score) ? unknown : tones[kind];
  }
  context.putImageData(image, 0, 0);
}

const newCanvas = () => document.createElement('canvas');

/** A layer that repaints when the map has come to rest, and its colours when weights change. */
export const GroundLayer = L.Layer.extend({
  initialize(classes, lattice) {
    Object.assign(this, { classes, lattice, coloured: newCanvas(), hatched: newCanvas(), nodes: newCanvas() });
  },
  onAdd(map) {
    this.canvas = newCanvas();
    this.canvas.className = 'ground leaflet-zoom-hide';
    map.getPane('ground').append(this.canvas);
    map.on('moveend resize', this.redraw, this);
    this.redraw();
  },
  onRemove(map) {
    this.canvas.remove();
    map.off('moveend resize', this.redraw, this);
  },
  redraw() {
    const map = this._map, size = map.getSize(), canvas = this.canvas;
    const scale = document.body.classList.contains('printing') ? 3 : Math.min(2, window.devicePixelRatio || 1);
    const pad = size.multiplyBy(PAD).round();
    const corner = map.containerPointToLatLng(pad.multiplyBy(-1));
    const [west, north] = toMercator([corner.lng, corner.lat]);
    for (const sheet of [canvas, this.coloured, this.hatched]) {
      sheet.width = Math.round((size.x + 2 * pad.x) * scale);
      sheet.height = Math.round((size.y + 2 * pad.y) * scale);
    }
    canvas.style.width = `${size.x + 2 * pad.x}px`;
    canvas.style.height = `${size.y + 2 * pad.y}px`;
    const step = (2 * Math.PI * 6378137) / (256 * 2 ** map.getZoom()) / scale;
    this.frame = { west, north, step };
    paint(this.coloured, this.classes, this.frame, scale, isColoured);
    paint(this.hatched, this.classes, this.frame, scale, isHatched);
    L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint(pad.multiplyBy(-1)));
    this.recolour();
  },
  /** Put colours and hatches together: exact classes under official weights, else the lattice. */
  recolour() {
    const context = this.canvas.getContext('2d');
    context.globalCompositeOperation = 'copy';
    context.drawImage(this.coloured, 0, 0);
    if (isExploratory() && this.lattice) {
      paintNodes(this.nodes, this.lattice);
      // Only where the exact classes say eligible.
      context.globalCompositeOperation = 'source-atop';
      context.imageSmoothingEnabled = false;
      const [left, bottom, right, top] = DATA.lattice.bounds, { west, north, step } = this.frame;
      context.drawImage(this.nodes, (left - west) / step, (north - top) / step, (right - left) / step, (top - bottom) / step);
    }
    context.globalCompositeOperation = 'source-over';
    context.drawImage(this.hatched, 0, 0);
    fixForPrint(this.canvas);
  },
});
