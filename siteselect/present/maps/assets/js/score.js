// The law of siteselect.decide.score, for other weights: a weighted mean over what is known.
import { COUNT, DATA, EXCLUDED, SITES } from './data.js';

export const OFFICIAL_WEIGHTS = Object.freeze(DATA.criteria.map((c) => c.weight));

function compareIds(a, b) {
  return SITES.id[a] < SITES.id[b] ? -1 : SITES.id[a] > SITES.id[b] ? 1 : 0;
}

/** Score of one site: unknown values leave the mean, and widen the bounds to 0 and 1. */
function scoreSite(i, shares) {
  let known = 0, total = 0, low = 0, high = 0;
  for (let j = 0; j < shares.length; j += 1) {
    const share = shares[j], value = SITES.values[i][j];
    if (value === null) {
      high += share;
      continue;
    }
    const worst = SITES.worst[i][j], best = SITES.best[i][j];
    known += share;
    total += share * value;
    low += share * (worst === null ? value : Math.min(worst, value));
    high += share * (best === null ? value : Math.max(best, value));
  }
  const mean = known > 0 ? total / known : null;
  return {
    score: mean,
    low: mean === null ? low : Math.min(low, mean),
    high: mean === null ? Math.min(high, 1) : Math.max(Math.min(high, 1), mean),
    known: Math.min(known, 1),
  };
}

/** Scores, bounds, known shares and ranks of all sites under weights that need not sum to 1. */
export function scoreAll(weights) {
  const sum = weights.reduce((a, b) => a + b, 0);
  const shares = weights.map((w) => w / sum);
  const result = { shares, score: [], low: [], high: [], known: [], rank: new Array(COUNT).fill(0) };
  for (let i = 0; i < COUNT; i += 1) {
    const one = scoreSite(i, shares);
    result.score.push(one.score);
    result.low.push(one.low);
    result.high.push(one.high);
    result.known.push(one.known);
  }
  const all = Array.from({ length: COUNT }, (_, i) => i);
  const listed = all.filter((i) => SITES.official.verdict[i] !== EXCLUDED
    && result.known[i] > 0 && result.known[i] >= DATA.minKnown - 1e-12);
  listed.sort((a, b) => result.score[b] - result.score[a] || compareIds(a, b));
  listed.forEach((i, place) => { result.rank[i] = place + 1; });
  const rest = all.filter((i) => result.rank[i] === 0).sort(compareIds);
  return { ...result, listed, rest };
}

/** Contribution of criterion j to the score of site i; null where unknown. */
export function contribution(scores, i, j) {
  const value = SITES.values[i][j];
  return value === null ? null : (scores.shares[j] * value) / scores.known[i];
}

/** Sums of a site's contributions and attainable weights by group. */
export function byGroup(scores, i) {
  return DATA.groups.map((_, g) => {
    const sums = { earned: 0, possible: 0, unknown: 0 };
    DATA.criteria.forEach((criterion, j) => {
      if (criterion.group !== g) return;
      const part = contribution(scores, i, j);
      if (part === null) sums.unknown += scores.shares[j];
      else {
        sums.earned += part;
        sums.possible += scores.shares[j] / scores.known[i];
      }
    });
    return sums;
  });
}
