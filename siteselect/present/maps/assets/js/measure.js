// Distances along a line of clicked points.
import { byId, fill, h } from './base.js';
import { distanceKm } from './geo.js';
import { state, update } from './state.js';
import { direction, km, t } from './text.js';

const line = { points: [], layer: null };

export function measured() {
  return line.points.slice(1).reduce((sum, point, k) => sum + distanceKm(line.points[k], point), 0);
}

function draw(map) {
  line.layer?.remove();
  const path = line.points.map(([lon, lat]) => [lat, lon]);
  line.layer = L.polyline(path, { interactive: false, color: '#0B5FA5', weight: 2.5, dashArray: '6 4' }).addTo(map);
  const box = byId('measure');
  box.dir = direction();
  box.hidden = !state.measuring;
  fill(box, h('span', { text: line.points.length > 1 ? t('total', km(measured())) : t('measureHelp') }));
}

export function toggleMeasure(map) {
  line.points = [];
  update({ measuring: !state.measuring });
  draw(map);
}

export function addPoint(map, point) {
  line.points.push(point);
  draw(map);
}
