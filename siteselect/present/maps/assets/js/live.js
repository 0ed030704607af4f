// Values of the criteria on a lattice of a few kilometres, weighed anew in the page.
import { CRITERIA, DATA, pixels } from './data.js';
import { pixelOf } from './geo.js';
import { breakdown } from './score.js';

/** The lattice as arrays: the nodes that know something, and their values side by side. */
export async function readLattice() {
  const picture = DATA.lattice;
  if (!picture) return null;
  const size = picture.columns * picture.rows, data = await pixels(picture, picture.rows * CRITERIA);
  const nodes = [];
  for (let node = 0; node < size; node += 1) {
    let some = false;
    for (let j = 0; j < CRITERIA && !some; j += 1) some = data[4 * (j * size + node)] !== picture.unknown;
    if (some) nodes.push(node);
  }
  const values = new Uint8Array(nodes.length * CRITERIA);
  nodes.forEach((node, k) => {
    for (let j = 0; j < CRITERIA; j += 1) values[k * CRITERIA + j] = data[4 * (j * size + node)];
  });
  const row = new Int32Array(size).fill(-1);
  nodes.forEach((node, k) => { row[node] = k; });
  const told = await pixels({ ...picture, png: picture.answers.png }, picture.rows * 2), pattern = new Uint16Array(size);
  for (let node = 0; node < size; node += 1) pattern[node] = told[4 * node] + 256 * told[4 * (size + node)];
  return { nodes: Int32Array.from(nodes), values, row, pattern };
}

/** Score of each node under shares; NaN where too little is known. */
export function scoreNodes(lattice, shares) {
  const { values, nodes } = lattice, { steps, unknown } = DATA.lattice;
  const scores = new Float32Array(nodes.length), least = DATA.minKnown - 1e-12;
  for (let k = 0, at = 0; k < nodes.length; k += 1) {
    let known = 0, total = 0;
    for (let j = 0; j < CRITERIA; j += 1, at += 1) {
      const value = values[at];
      if (value === unknown) continue;
      known += shares[j];
      total += shares[j] * value;
    }
    scores[k] = known > 0 && known >= least ? total / (known * steps) : NaN;
  }
  return scores;
}

/** What each rule answers at the node about [lon, lat]; null if there is none. */
export function rulesAt(lattice, point) {
  const pixel = lattice && pixelOf(DATA.lattice, point), place = lattice && pixel !== null ? lattice.pattern[pixel] : 0;
  return place ? [...DATA.lattice.answers.patterns[place - 1]].map(Number) : null;
}

/** What the node about [lon, lat] says under shares; null if there is none. */
export function nodeAt(lattice, point, shares) {
  const pixel = lattice && pixelOf(DATA.lattice, point), row = lattice && pixel !== null ? lattice.row[pixel] : -1;
  if (row < 0) return null;
  const values = DATA.criteria.map((_, j) => lattice.values[row * CRITERIA + j]);
  return breakdown(values.map((v) => (v === DATA.lattice.unknown ? null : v / DATA.lattice.steps)), shares);
}
