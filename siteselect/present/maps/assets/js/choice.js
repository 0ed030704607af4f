// The official parks and the other sets that are looked at; looking never changes the official set.
import { PARKS, SITES } from './data.js';
import { official, state } from './state.js';

export const OFFICIAL_PARKS = Object.freeze(PARKS ? PARKS.picks.map((pick) => pick.site) : []);
const members = new Set(OFFICIAL_PARKS);

export function isPark(i) {
  return members.has(i);
}

export function showsParks() {
  return PARKS !== null && (state.view === 'chain' || (state.list === 'parks' && ['parks', 'site', 'cell'].includes(state.view)));
}

/** The set that is looked at against the official one: who comes in, who goes, what is lost. */
export function preview() {
  if (!state.preview) return { joins: [], leaves: [], loss: 0 };
  const [kind, k] = state.preview;
  return kind === 'set' ? PARKS.sets[k] : PARKS.swaps[k];
}

/** Whether the map shows another set than the official one. */
export const previews = () => showsParks() && state.preview !== null;

/** Places of the picks of a park type, the best site first. */
export function picksOf(type) {
  const rank = (k) => official.rank[PARKS.picks[k].site];
  return PARKS.picks.map((_, k) => k).filter((k) => PARKS.picks[k].type === type.id).sort((a, b) => rank(a) - rank(b));
}

/** Sites in the order of the panel: those that come in, then the official ones by park type. */
export function panelParks() {
  return [...preview().joins, ...PARKS.types.flatMap(picksOf).map((k) => PARKS.picks[k].site)];
}

/** Sites of the set that is looked at, the best first. */
export function shownParks(scores) {
  const { joins, leaves } = preview();
  const sites = [...OFFICIAL_PARKS.filter((i) => !leaves.includes(i)), ...joins];
  return sites.sort((a, b) => (scores.rank[a] || Infinity) - (scores.rank[b] || Infinity) || a - b);
}

/** Chance that site i is chosen, over the draws of the run; null if there were none. */
export function chanceOf(i) {
  return SITES.trust.prob_in_portfolio?.[i] ?? null;
}
