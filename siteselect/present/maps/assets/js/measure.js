// Distances along a line of points, and the area they enclose.
import { byId, fill, h } from './base.js';
import { areaKm2, distanceKm } from './geo.js';
import { state, update } from './state.js';
import { direction, km, num, t } from './text.js';

const line = { points: [], layers: [] };

export function measured() {
  return { km: line.points.slice(1).reduce((sum, point, k) => sum + distanceKm(line.points[k], point), 0), km2: areaKm2(line.points) };
}

/** The line with its area, and the box that tells them. */
export function drawMeasured(map) {
  line.layers.forEach((layer) => layer.remove());
  const path = line.points.map(([lon, lat]) => [lat, lon]), still = { interactive: false, color: '#0B5FA5' };
  line.layers = [L.polygon(path, { ...still, stroke: false, fillOpacity: 0.12 }), L.polyline(path, { ...still, weight: 2.5, dashArray: '6 4' }),
    ...path.map((point) => L.circleMarker(point, { ...still, radius: 3.5, weight: 2, fillColor: '#FFFFFF', fillOpacity: 1 }))];
  line.layers.forEach((layer) => layer.addTo(map));
  const box = byId('measure'), found = measured();
  box.dir = direction();
  box.hidden = !state.measuring;
  const area = line.points.length > 2 ? ` · ${t('measureArea', t('km2', num(found.km2, found.km2 < 100 ? 1 : 0)))}` : '';
  fill(box, h('span', { role: 'status', text: line.points.length > 1 ? t('total', km(found.km)) + area : t('measureHelp') }));
}

export function toggleMeasure(map) {
  line.points = [];
  update({ measuring: !state.measuring });
  drawMeasured(map);
}

export function addPoint(map, point) {
  line.points.push(point);
  drawMeasured(map);
}
