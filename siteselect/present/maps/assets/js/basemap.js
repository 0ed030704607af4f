// The only part of the page that asks the network, and only while somebody has switched it on: a
// picture of the ground. No link of ours switches it on, so that a link that is sent calls nobody.
import { byId } from './base.js';
import { DATA } from './data.js';
import { t } from './text.js';

export const HOST = 'gibs.earthdata.nasa.gov';
const TILES = `https://${HOST}/wmts/epsg3857/best/BlueMarble_ShadedRelief_Bathymetry/default/GoogleMapsCompatible_Level8/{z}/{y}/{x}.jpeg`;
export const CREDIT = Object.freeze(['Blue Marble', 'NASA EOSDIS GIBS']);

/** The layer of tiles; what stands by its switch tells whether they come. */
export function makeBaseMap(map) {
  const [west, south, east, north] = DATA.box, pane = map.createPane('base');
  // Over the land as it is drawn, which stays where no tile comes; beneath all that is ours.
  pane.style.zIndex = '215';
  pane.style.pointerEvents = 'none';
  const layer = L.tileLayer(TILES, { pane: 'base', maxNativeZoom: 8, maxZoom: 13, bounds: [[south, west], [north, east]] });
  const say = (text) => { byId('base-answer').textContent = text; };
  layer.on('tileerror', () => say(t('baseSilent', HOST)));
  layer.on('tileload remove', () => say(''));
  return layer;
}
