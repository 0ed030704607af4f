// The suitability surface: classes coloured, doubt hatched, exclusion cross-hatched, at screen scale.
import { DATA, pixels } from './data.js';
import { toMercator } from './geo.js';

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

/** Paint the classes of a Mercator window on a canvas. */
export function paint(canvas, classes, frame, scale) {
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
      if (kind === 0) continue;
      const at = 4 * (y * width + x), [r, g, b] = tone(kind, x, y, scale);
      image.data[at] = r;
      image.data[at + 1] = g;
      image.data[at + 2] = b;
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}

/** A layer that repaints when the map has come to rest. */
export const GroundLayer = L.Layer.extend({
  initialize(classes) {
    this.classes = classes;
  },
  onAdd(map) {
    this.canvas = document.createElement('canvas');
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
    canvas.width = Math.round((size.x + 2 * pad.x) * scale);
    canvas.height = Math.round((size.y + 2 * pad.y) * scale);
    canvas.style.width = `${size.x + 2 * pad.x}px`;
    canvas.style.height = `${size.y + 2 * pad.y}px`;
    const step = (2 * Math.PI * 6378137) / (256 * 2 ** map.getZoom()) / scale;
    paint(canvas, this.classes, { west, north, step }, scale);
    L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint(pad.multiplyBy(-1)));
  },
});
