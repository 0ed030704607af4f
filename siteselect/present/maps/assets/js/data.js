// The block of data, read once: the study's own criteria, or those of the park type looked through.
import { byId, fill, h } from './base.js';
import { boundsOf, doubles, lookThrough } from './lens.js';
import { WORDS } from './words.js';

/** The block as it stands; of a damaged page what can still be said, in both languages. */
function read() {
  try {
    return JSON.parse(byId('data').textContent);
  } catch (fault) {
    fill(byId('rail'), ...WORDS.unreadable.map((text, k) => h('p', { class: 'pad', role: 'alert', dir: k ? 'rtl' : 'ltr', text })));
    throw fault;
  }
}

const STORED = read();
// A page framed by a notebook has no address of its own, and so no lens.
export const FRAMED = window.location.protocol === 'about:';
const wanted = new URLSearchParams(window.location.hash.slice(1)).get('t');
const LENS = FRAMED ? null : STORED.lenses.find((lens) => lens.id === wanted) ?? null;

// A column of few texts is written as each text once, and which one stands at each site.
for (const [name, column] of Object.entries(STORED.sites)) {
  if (column.of) STORED.sites[name] = column.at.map((k) => column.of[k]);
}
export const OWN_TYPE = STORED.type;
export const TYPES = [STORED.type, ...STORED.lenses];
export const DATA = LENS ? lookThrough(STORED, LENS) : { ...STORED, columns: null };
/** Whether another park type than the study's own is looked through. */
export const LENSED = LENS !== null;

export const SITES = DATA.sites;
export const COUNT = SITES.id.length;
export const CRITERIA = DATA.criteria.length;
export const UNDETERMINED = 1;
export const EXCLUDED = 2;
export const OPEN = 3;
export const VERDICTS = Object.freeze(['eligible', 'undetermined', 'excluded', 'open', 'not_asked']);
export const PARKS = DATA.portfolio;
/** How many parks are asked for: the length of the list that everybody looks at. */
export const LIST_LENGTH = PARKS ? PARKS.picks.length : 13;

// Site by site, criterion by criterion; unknown is NaN.
export const VALUES = DATA.columns ? DATA.columns.values : doubles(SITES.values);
export const WORST = DATA.columns ? DATA.columns.worst : boundsOf(SITES.worst);
export const BEST = DATA.columns ? DATA.columns.best : boundsOf(SITES.best);

/** Value of criterion j at site i; null if unknown. */
export function valueAt(i, j) {
  const value = VALUES[i * CRITERIA + j];
  return Number.isNaN(value) ? null : value;
}

/** A picture of data as pixels: an array of red, green, blue, alpha. */
export async function pixels(picture, rows = picture.rows) {
  const image = new Image();
  image.src = picture.png;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = picture.columns;
  canvas.height = rows;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, picture.columns, rows).data;
}

/** Make a canvas pixels before it is printed: browsers may replay its drawing at another scale. */
export function fixForPrint(canvas) {
  if (!document.body.classList.contains('printing')) return;
  const copy = document.createElement('canvas');
  copy.width = canvas.width;
  copy.height = canvas.height;
  const pen = copy.getContext('2d', { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  canvas.getContext('2d').putImageData(pen.getImageData(0, 0, copy.width, copy.height), 0, 0);
}

/** Positions of a flat list of differences, as [lon, lat] pairs in degrees. */
export function unflat(list) {
  const points = [];
  let lon = 0, lat = 0;
  for (let i = 0; i < list.length; i += 2) {
    lon += list[i];
    lat += list[i + 1];
    points.push([lon / DATA.stepsPerDegree, lat / DATA.stepsPerDegree]);
  }
  return points;
}
