// The suitability surface: classes coloured, doubt hatched, exclusion cross-hatched, at screen scale.
import { DATA, fixForPrint, pixels } from './data.js';
import { toMercator } from './geo.js';
import { scoreNodes } from './live.js';
import { isExploratory, now } from './state.js';

const PAD = 0.25;
const UNDETERMINED_CLASS = DATA.ground.palette.length - 2;
// Colours as the pixels of a canvas hold them: one word of alpha, blue, green, red.
const word = (colour) => ((255 << 24) | (parseInt(colour.slice(5, 7), 16) << 16) | (parseInt(colour.slice(3, 5), 16) << 8) | parseInt(colour.slice(1, 3), 16)) >>> 0;
const TONES = Uint32Array.from(DATA.ground.palette, word);
const DOUBT = word('#a79c86'), EXCLUSION = word('#8f887d');

/** Class of every pixel of the picture, by its colour in the palette. */
export async function readClasses() {
  const data = await pixels(DATA.ground), words = new Uint32Array(data.buffer);
  const byColour = new Map([...TONES].map((tone, kind) => [tone, kind])), classes = new Uint8Array(words.length);
  // Neighbours are mostly alike: only a change of colour is looked up.
  for (let i = 0, before = 0, kind = 0; i < words.length; i += 1) {
    if (words[i] !== before) {
      before = words[i];
      kind = byColour.get(before) ?? 0;
    }
    classes[i] = kind;
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

/** A hatched class at a point of the screen: its ground or one of its lines. */
function hatch(kind, x, y, scale) {
  const u = Math.floor(x / scale), v = Math.floor(y / scale);
  if (kind === UNDETERMINED_CLASS) return (u + v) % 6 === 0 ? DOUBT : TONES[kind];
  return (u + v) % 5 === 0 || (u - v + 5000) % 5 === 0 ? EXCLUSION : TONES[kind];
}

/** Paint the classes of a Mercator window: those with a colour on one canvas, hatches on another. */
function paint(coloured, hatched, classes, frame, scale) {
  const { width, height } = coloured, picture = DATA.ground;
  const [west, south, east, north] = picture.bounds;
  const columns = sourceIndex(width, frame.west, frame.step, west, east, picture.columns);
  const rows = sourceIndex(height, -frame.north, frame.step, -north, -south, picture.rows);
  const images = [coloured, hatched].map((canvas) => canvas.getContext('2d').createImageData(width, height));
  const [tones, hatches] = images.map((image) => new Uint32Array(image.data.buffer));
  for (let y = 0; y < height; y += 1) {
    if (rows[y] < 0) continue;
    for (let x = 0, at = y * width, from = rows[y] * picture.columns; x < width; x += 1, at += 1) {
      const kind = columns[x] < 0 ? 0 : classes[from + columns[x]];
      if (kind === 0) continue;
      if (kind < UNDETERMINED_CLASS) tones[at] = TONES[kind];
      else hatches[at] = hatch(kind, x, y, scale);
    }
  }
  [coloured, hatched].forEach((canvas, k) => canvas.getContext('2d').putImageData(images[k], 0, 0));
}

/** The lattice under the present weights, a pixel a node, in the colours of the classes. */
function paintNodes(canvas, lattice) {
  const picture = DATA.lattice, scores = scoreNodes(lattice, now.scores.shares), { limits } = DATA.ground;
  canvas.width = picture.columns;
  canvas.height = picture.rows;
  const context = canvas.getContext('2d'), image = context.createImageData(picture.columns, picture.rows);
  const colours = new Uint32Array(image.data.buffer);
  for (let k = 0; k < scores.length; k += 1) {
    const score = scores[k];
    let kind = 0;
    while (kind < limits.length && score >= limits[kind]) kind += 1;
    colours[lattice.nodes[k]] = TONES[Number.isNaN(score) ? UNDETERMINED_CLASS : kind + 1];
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
    paint(this.coloured, this.hatched, this.classes, this.frame, scale);
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
