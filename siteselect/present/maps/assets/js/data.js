// The block of data, read once.
import { byId } from './base.js';

export const DATA = JSON.parse(byId('data').textContent);

export const SITES = DATA.sites;
export const COUNT = SITES.id.length;
export const UNDETERMINED = 1;
export const EXCLUDED = 2;
export const OPEN = 3;
export const VERDICTS = Object.freeze(['eligible', 'undetermined', 'excluded', 'open', 'not_asked']);
export const LIST_LENGTH = 13;

/** A picture of data as pixels: an array of red, green, blue, alpha. */
export async function pixels(picture) {
  const image = new Image();
  image.src = picture.png;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = picture.columns;
  canvas.height = picture.rows;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, picture.columns, picture.rows).data;
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
