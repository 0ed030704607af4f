// The sites as another park type judges them: what it says otherwise, over what the study's set says.
const STEPS = 65534, UNKNOWN = 65535;

function bytesOf(text) {
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k += 1) bytes[k] = raw.charCodeAt(k);
  return bytes;
}

/** Doubles that were written bit by bit. */
export function doubles(text) {
  return new Float64Array(bytesOf(text).buffer);
}

/** Bounds of values, written in steps; unknown is NaN. */
export function boundsOf(text) {
  return Float64Array.from(new Uint16Array(bytesOf(text).buffer), (step) => (step === UNKNOWN ? NaN : step / STEPS));
}

/** A matrix over the sites whose columns come from `before`, or from the rows that bring their own. */
function matrix(count, rows, before, width, key, read) {
  const found = new Float64Array(count * rows.length);
  rows.forEach((row, j) => {
    const own = row[key] === undefined ? null : read(row[key]);
    for (let i = 0; i < count; i += 1) found[i * rows.length + j] = own ? own[i] : before[i * width + row.like];
  });
  return found;
}

/** The same for readings, which are lists of lists. */
function readings(rows, before, key) {
  return before.map((line, i) => rows.map((row) => (row[key] === undefined ? line[row.like] : row[key][i])));
}

/** The data of the page with the criteria, rules, values and verdicts of a park type. */
export function lookThrough(stored, lens) {
  const { sites } = stored, count = sites.id.length, width = stored.criteria.length;
  const over = (own, rows) => rows.map((row) => ({ ...own[row.like], ...row }));
  const verdict = [...sites.verdict];
  for (const [i, code] of lens.verdict) verdict[i] = code;
  return {
    ...stored, type: { id: lens.id, en: lens.en, fa: lens.fa, version: lens.version }, minKnown: lens.minKnown, groups: lens.groups,
    criteria: over(stored.criteria, lens.criteria), rules: over(stored.rules, lens.rules),
    // The surface, its lattice, the draws and the members' weights are of the study's own type.
    lattice: null, members: [],
    columns: {
      values: matrix(count, lens.criteria, doubles(sites.values), width, 'values', doubles),
      worst: matrix(count, lens.criteria, boundsOf(sites.worst), width, 'worst', boundsOf),
      best: matrix(count, lens.criteria, boundsOf(sites.best), width, 'best', boundsOf),
    },
    sites: {
      ...sites, verdict, readings: readings(lens.criteria, sites.readings, 'readings'), distances: readings(lens.rules, sites.distances, 'distances'),
      answers: lens.rules.map((row) => row.answers ?? sites.answers[row.like]),
      trust: 'prob_in_portfolio' in sites.trust ? { prob_in_portfolio: sites.trust.prob_in_portfolio } : {},
    },
  };
}
