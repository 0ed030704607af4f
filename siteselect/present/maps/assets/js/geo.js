// Positions and distances on the WGS84 ellipsoid and its sphere.

const RADIUS_M = 6371008.8;
const MERCATOR_M = 6378137;
const RAD = Math.PI / 180;

/** Great-circle distance of two [lon, lat], km (haversine). */
export function distanceKm(a, b) {
  const dLat = (b[1] - a[1]) * RAD, dLon = (b[0] - a[0]) * RAD;
  const s = Math.sin(dLat / 2) ** 2
    + Math.cos(a[1] * RAD) * Math.cos(b[1] * RAD) * Math.sin(dLon / 2) ** 2;
  return (2 * RADIUS_M * Math.asin(Math.min(1, Math.sqrt(s)))) / 1000;
}

/** Area that a ring of [lon, lat] encloses, km2 (Chamberlain and Duquette 2007, on the sphere). */
export function areaKm2(ring) {
  let twice = 0;
  ring.forEach(([lon, lat], k) => {
    const [nextLon, nextLat] = ring[(k + 1) % ring.length];
    twice += (nextLon - lon) * RAD * (2 + Math.sin(lat * RAD) + Math.sin(nextLat * RAD));
  });
  return (Math.abs(twice) / 2) * (RADIUS_M / 1000) ** 2;
}

/** Distance from a point to a path, km: planar about the point, good to 1 % within 200 km. */
export function distanceToPathKm(point, path) {
  const scale = Math.cos(point[1] * RAD);
  let least = Infinity;
  for (let i = 0; i < path.length - 1; i += 1) {
    const ax = (path[i][0] - point[0]) * scale, ay = path[i][1] - point[1];
    const dx = (path[i + 1][0] - path[i][0]) * scale, dy = path[i + 1][1] - path[i][1];
    const length = dx * dx + dy * dy;
    const t = length > 0 ? Math.min(1, Math.max(0, -(ax * dx + ay * dy) / length)) : 0;
    const near = [point[0] + (ax + t * dx) / scale, point[1] + ay + t * dy];
    least = Math.min(least, distanceKm(point, near));
  }
  return least;
}

/** Web Mercator metres of [lon, lat]. */
export function toMercator([lon, lat]) {
  return [MERCATOR_M * lon * RAD, MERCATOR_M * Math.log(Math.tan(Math.PI / 4 + (lat * RAD) / 2))];
}

/** UTM zone, easting and northing (Krueger's series to n^3; Karney 2011): within a millimetre. */
export function toUtm([lon, lat]) {
  const zone = Math.floor((lon + 180) / 6) + 1;
  const f = 1 / 298.257223563, n = f / (2 - f);
  const radius = (MERCATOR_M / (1 + n)) * (1 + n ** 2 / 4 + n ** 4 / 64);
  const series = [
    n / 2 - (2 / 3) * n ** 2 + (5 / 16) * n ** 3,
    (13 / 48) * n ** 2 - (3 / 5) * n ** 3,
    (61 / 240) * n ** 3,
  ];
  const e = (2 * Math.sqrt(n)) / (1 + n), sine = Math.sin(lat * RAD);
  const t = Math.sinh(Math.atanh(sine) - e * Math.atanh(e * sine));
  const from = (lon - (zone * 6 - 183)) * RAD;
  const xi = Math.atan2(t, Math.cos(from)), eta = Math.atanh(Math.sin(from) / Math.hypot(1, t));
  let east = eta, north = xi;
  series.forEach((a, k) => {
    east += a * Math.cos(2 * (k + 1) * xi) * Math.sinh(2 * (k + 1) * eta);
    north += a * Math.sin(2 * (k + 1) * xi) * Math.cosh(2 * (k + 1) * eta);
  });
  return {
    zone: `${zone}${lat >= 0 ? 'N' : 'S'}`,
    easting: 500000 + 0.9996 * radius * east,
    northing: (lat >= 0 ? 0 : 10000000) + 0.9996 * radius * north,
  };
}

/** A row of pixels and a column for a position on a picture with Mercator bounds; null outside. */
export function pixelOf(picture, position) {
  const [west, south, east, north] = picture.bounds, [x, y] = toMercator(position);
  const column = Math.floor(((x - west) / (east - west)) * picture.columns);
  const row = Math.floor(((north - y) / (north - south)) * picture.rows);
  const inside = column >= 0 && row >= 0 && column < picture.columns && row < picture.rows;
  return inside ? row * picture.columns + column : null;
}
