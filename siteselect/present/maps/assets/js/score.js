// The law of siteselect.decide.score, for other weights: a weighted mean over what is known.
import { BEST, COUNT, CRITERIA, DATA, EXCLUDED, SITES, VALUES, WORST, valueAt } from './data.js';

export const OFFICIAL_WEIGHTS = Object.freeze(DATA.criteria.map((c) => c.weight));

const all = Array.from({ length: COUNT }, (_, i) => i);
const byName = [...all].sort((a, b) => (SITES.id[a] < SITES.id[b] ? -1 : 1));
// Place of each site in the order of ids: comparing places is faster than comparing text.
const place = new Int32Array(COUNT);
byName.forEach((i, k) => { place[i] = k; });

/** Score, bounds and known share of site i: unknown values leave the mean and widen the bounds. */
function scoreSite(i, shares, result) {
  let known = 0, total = 0, low = 0, high = 0;
  for (let j = 0, k = i * CRITERIA; j < CRITERIA; j += 1, k += 1) {
    const share = shares[j], value = VALUES[k];
    // NaN is the only number that differs from itself.
    if (value !== value) {
      high += share;
      continue;
    }
    const worst = WORST[k], best = BEST[k];
    known += share;
    total += share * value;
    low += share * (worst < value ? worst : value);
    high += share * (best > value ? best : value);
  }
  const mean = known > 0 ? total / known : null;
  result.score[i] = mean;
  result.low[i] = mean === null ? low : Math.min(low, mean);
  result.high[i] = mean === null ? Math.min(high, 1) : Math.max(Math.min(high, 1), mean);
  result.known[i] = Math.min(known, 1);
}

/** Shares that sum to 1, of weights that need not. */
export function sharesOf(weights) {
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / sum);
}

/** Scores, bounds, known shares and ranks of all sites under weights that need not sum to 1. */
export function scoreAll(weights) {
  const shares = sharesOf(weights), column = () => new Array(COUNT).fill(0);
  const result = { shares, score: column(), low: column(), high: column(), known: column(), rank: column() };
  for (let i = 0; i < COUNT; i += 1) scoreSite(i, shares, result);
  const { score, known, rank } = result;
  const listed = all.filter((i) => SITES.verdict[i] !== EXCLUDED && known[i] > 0 && known[i] >= DATA.minKnown - 1e-12);
  listed.sort((a, b) => score[b] - score[a] || place[a] - place[b]);
  listed.forEach((i, at) => { rank[i] = at + 1; });
  return { ...result, listed, rest: byName.filter((i) => rank[i] === 0) };
}

/** What values say under shares, as byGroup and the waterfall need it; unknown is null. */
export function breakdown(values, shares) {
  const known = values.reduce((sum, value, j) => sum + (value === null ? 0 : shares[j]), 0);
  // Where all that is known has no weight, nothing is known of the score.
  const parts = values.map((value, j) => (value === null || known === 0 ? null : (shares[j] * value) / known));
  const score = known > 0 ? parts.reduce((sum, part) => sum + (part ?? 0), 0) : null;
  return { values, parts, shares, known: Math.min(known, 1), score };
}

/** The breakdown of site i under the scores of all. */
export function breakdownOf(scores, i) {
  return breakdown(DATA.criteria.map((_, j) => valueAt(i, j)), scores.shares);
}

/** Sums of contributions and attainable weights by group. */
export function byGroup({ parts, shares, known }) {
  const groups = DATA.groups.map(() => ({ earned: 0, possible: 0, unknown: 0 }));
  DATA.criteria.forEach((criterion, j) => {
    const sums = groups[criterion.group], part = parts[j];
    if (part === null) sums.unknown += shares[j];
    else {
      sums.earned += part;
      sums.possible += shares[j] / known;
    }
  });
  return groups;
}
