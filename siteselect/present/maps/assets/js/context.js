// What the sites stand in: land, provinces, lines, discs; each in its own pane of the map.
import { DATA, unflat } from './data.js';
import { FLUIDS } from './symbols.js';

const PANES = [['land', 210], ['ground', 220], ['lines', 230], ['edges', 240], ['frame', 250], ['under', 255], ['dots', 257], ['marks', 260]];
const flip = (path) => path.map(([lon, lat]) => [lat, lon]);
const ringsOf = (lists) => lists.map((list) => flip(unflat(list)));

export const provinceRings = DATA.context.provinces.map((p) => ({ ...p, paths: ringsOf(p.rings) }));
export const linePaths = Object.fromEntries(['pipelines', 'railways'].map((name) => [
  name, DATA.context[name].map((line) => ({ ...line, near: line.paths.map(unflat), beyond: line.far.map(unflat) })),
]));
// Lines beyond the study area are faint, so that they do not draw the eye out of it.
const BEYOND = 0.3;

const still = { interactive: false, bubblingMouseEvents: false };

function drawLand(map, renderer) {
  const rings = ringsOf(DATA.context.land), options = { ...still, renderer, fill: false, lineJoin: 'round' };
  // The wash of the coast: only its outer half shows, the land covers the rest.
  for (const [weight, color] of [[17, '#D0E1EB'], [11, '#C6DAE6'], [5.5, '#B9D1DF']]) {
    L.polygon(rings, { ...options, weight, color }).addTo(map);
  }
  L.polygon(rings, { ...still, renderer, weight: 1.1, color: '#3F6C88', fillColor: '#EFECE4', fillOpacity: 1, fillRule: 'evenodd' }).addTo(map);
  for (const province of provinceRings) {
    L.polygon(province.paths, { ...still, renderer, weight: 0.8, color: '#D3CEC3', fillColor: '#F8F6F0', fillOpacity: 1, fillRule: 'evenodd' }).addTo(map);
  }
}

function drawBorders(map, renderer) {
  for (const country of DATA.context.neighbours) {
    L.polygon(ringsOf(country.rings), { ...still, renderer, weight: 1.1, color: '#A49C8E', dashArray: '6 2 1.5 2', fill: false }).addTo(map);
  }
}

function drawEdges(map, renderer) {
  const mine = provinceRings.filter((p) => p.study);
  for (const [weight, color, opacity] of [[3.2, '#FFFFFF', 0.75], [1.25, '#3A3F47', 1]]) {
    for (const province of mine) {
      L.polygon(province.paths, { ...still, renderer, weight, color, opacity, fill: false, lineJoin: 'round' }).addTo(map);
    }
  }
}

/** The limit of the data: nothing is painted beyond it. */
function drawFrame(map, renderer) {
  const [west, south, east, north] = DATA.box;
  const hole = [[south, west], [north, west], [north, east], [south, east]];
  const world = [[-85, -180], [85, -180], [85, 180], [-85, 180]];
  L.polygon([world, hole], { ...still, renderer, weight: 0, fillColor: '#EEF1F4', fillOpacity: 1, stroke: false }).addTo(map);
  L.polygon(hole, { ...still, renderer, weight: 1, color: '#3A3F47', fill: false }).addTo(map);
}

function graticule(renderer) {
  const [west, south, east, north] = DATA.box, group = L.layerGroup();
  const options = { ...still, renderer, weight: 0.5, color: '#6E8797', opacity: 0.35 };
  for (let lat = Math.ceil(south / 2) * 2; lat < north; lat += 2) L.polyline([[lat, west], [lat, east]], options).addTo(group);
  for (let lon = Math.ceil(west / 2) * 2; lon < east; lon += 2) L.polyline([[south, lon], [north, lon]], options).addTo(group);
  return group;
}

function pipelines(renderer) {
  const group = L.layerGroup();
  for (const line of linePaths.pipelines) {
    const look = FLUIDS[line.kind] ?? FLUIDS.product, traced = line.trace === 'found';
    const strength = /planned|unknown|proposed/.test(line.status ?? '') ? 0.45 : 1, dashArray = traced ? look.dash : look.dash || '5 3';
    for (const [paths, opacity] of [[line.beyond, BEYOND * strength], [line.near, 0.9 * strength]]) {
      const path = paths.map(flip);
      L.polyline(path, { ...still, renderer, weight: 2.8, color: '#FFFFFF', opacity: opacity * 0.6 }).addTo(group);
      L.polyline(path, { ...still, renderer, weight: 1.3, color: look.colour, opacity, dashArray }).addTo(group);
    }
  }
  return group;
}

function railways(renderer) {
  const group = L.layerGroup();
  for (const line of linePaths.railways) {
    const runs = (line.status ?? 'operating') === 'operating';
    for (const [paths, opacity] of [[line.beyond, BEYOND], [line.near, 0.75]]) {
      const path = paths.map(flip);
      L.polyline(path, { ...still, renderer, weight: 2.4, color: '#2E3338', opacity }).addTo(group);
      L.polyline(path, { ...still, renderer, weight: 1.2, color: '#FFFFFF', opacity: opacity + 0.2, dashArray: runs ? '5 5' : '2 9', lineCap: 'butt' }).addTo(group);
    }
  }
  return group;
}

function discs(renderer) {
  const group = L.layerGroup();
  for (const area of DATA.context.protected) {
    L.circle([area.at[1], area.at[0]], {
      ...still, renderer, radius: (area.radius ?? 1) * 1000, weight: 1.2, color: '#2E6B34', dashArray: '7 3 1.5 3', fillColor: '#CFE3CF', fillOpacity: 0.35,
    }).addTo(group);
  }
  return group;
}

/** Draw the still parts and give back the layers that can be switched, by name. */
export function drawContext(map) {
  const renderers = {};
  for (const [name, order] of PANES) {
    const pane = map.createPane(name);
    pane.style.zIndex = String(order);
    pane.style.pointerEvents = name === 'marks' ? 'auto' : 'none';
    if (order < 255 && name !== 'ground') renderers[name] = L.svg({ pane: name, padding: 0.4 });
  }
  drawLand(map, renderers.land);
  drawBorders(map, renderers.land);
  drawEdges(map, renderers.edges);
  drawFrame(map, renderers.frame);
  return {
    graticule: graticule(renderers.lines), protected: discs(renderers.lines),
    railways: railways(renderers.lines), pipelines: pipelines(renderers.lines),
  };
}
