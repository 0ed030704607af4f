// What is shown, kept in the address of the page so that a view can be sent on.
import { wholes } from './base.js';
import { DATA, FRAMED, LENSED, PARKS, SITES } from './data.js';
import { OFFICIAL_WEIGHTS, scoreAll } from './score.js';
import { folded, setLanguage } from './text.js';

const VIEWS = ['rank', 'parks', 'chain', 'site', 'cell', 'inquiries', 'compare', 'data'];
// The list that a card goes back to, by the view that it was opened from.
const LISTS = { __proto__: null, rank: 'rank', compare: 'rank', parks: 'parks', chain: 'parks', inquiries: 'inquiries' };
const GROUPS = DATA.groups.map((_, g) => g);
const membersOf = (g) => DATA.criteria.map((c, j) => (c.group === g ? j : -1)).filter((j) => j >= 0);
export const MEMBERS = Object.freeze(GROUPS.map(membersOf));

export const OFFICIAL_SHARES = Object.freeze(MEMBERS.map((members) => members.reduce((a, j) => a + OFFICIAL_WEIGHTS[j], 0)));
/** A text as it is searched: folded, and without the spaces and macrons that one leaves out and another writes. */
const searched = (text) => folded(text).normalize('NFD').replace(/[\p{M} ]/gu, '');
const FOLDS = SITES.id.map((id, i) => [id, SITES.name_en[i], SITES.name_fa[i], SITES.county?.[i] ?? ''].map(searched).join('\n'));
const EQUAL_WEIGHTS = DATA.criteria.map(() => 1 / DATA.criteria.length);

/** Rows of the ranking that are drawn at first, and more at each asking. */
export const ROWS = 30;

export const NO_FILTERS = Object.freeze({ province: '', kind: '', verdict: '', area: '', park: '' });

export const state = {
  lang: 'fa', view: 'rank', list: 'rank', preview: null, shown: ROWS, site: null, cell: null, hover: null, compare: [],
  preset: 'official', groups: null, inner: null, locks: GROUPS.map(() => false),
  search: '', filters: { ...NO_FILTERS }, onlyDifferences: false,
  layers: { surface: !LENSED, sites: true, estates: true, ports: true, pipelines: true, feedstock: false, flows: true, railways: true, protected: false, towns: true, graticule: true, base: false },
  lit: null, notice: '', openGroup: null, legend: true, dragging: false, keysOn: true, measuring: false, paper: 'a4',
};
export const official = scoreAll(OFFICIAL_WEIGHTS);
/** What follows from the state: the scores under its weights, and its search as names are searched. */
export const now = { scores: official, sought: '' };
const listeners = [];

/** The member of the committee that a preset is of; undefined if it is another. */
export function memberOf(preset) {
  return /^m\d+$/.test(preset) ? DATA.members[Number(preset.slice(1))] : undefined;
}

/** Weights of the criteria as the preset and the sliders say. */
export function weightsOf(choice) {
  if (choice.preset === 'official') return [...OFFICIAL_WEIGHTS];
  if (choice.preset === 'equal') return [...EQUAL_WEIGHTS];
  if (memberOf(choice.preset)) return [...memberOf(choice.preset).weights];
  return DATA.criteria.map((c, j) => (choice.groups[c.group] / 100) * (choice.inner[j] / 1000));
}

/** Shares of the groups under the present weights; they sum to 1. */
export function groupShares() {
  return MEMBERS.map((members) => members.reduce((sum, j) => sum + now.scores.shares[j], 0));
}

/** The present weights in the whole numbers of the sliders: per cent a group, per mille within. */
export function asSliders() {
  if (state.preset === 'own') return { groups: [...state.groups], inner: [...state.inner] };
  const inner = new Array(DATA.criteria.length).fill(0);
  for (const members of MEMBERS) {
    const shares = members.map((j) => now.scores.shares[j]);
    const idle = shares.every((share) => share === 0);
    wholes(idle ? shares.map(() => 1) : shares, 1000).forEach((v, k) => { inner[members[k]] = v; });
  }
  return { groups: wholes(groupShares(), 100), inner };
}

export function isExploratory() {
  return state.preset !== 'official';
}

export function subscribe(listener) {
  listeners.push(listener);
}

/** Change what is shown; listeners hear the names of what changed. */
export function update(change) {
  Object.assign(state, change);
  setLanguage(state.lang);
  state.list = LISTS[state.view] ?? state.list;
  const weighed = 'preset' in change || 'groups' in change || 'inner' in change;
  if (weighed) now.scores = isExploratory() ? scoreAll(weightsOf(state)) : official;
  if ('search' in change) now.sought = searched(state.search);
  // A notice has been read when somebody goes on; it must not stand where others have their place.
  if ((weighed || 'view' in change) && !('notice' in change)) state.notice = '';
  const changed = new Set(Object.keys(change));
  for (const listener of listeners) listener(changed);
  writeAddress();
}

const LETTERS = { fa: ['آ', 'ب', 'ج', 'د'], en: ['A', 'B', 'C', 'D'] };

/** The letter that a compared site goes by, on the map and in the table. */
export function letterOf(place) {
  return LETTERS[state.lang][place];
}

/** Take a site into the comparison or out of it; four are as many as can be read side by side. */
export function toggleCompare(i) {
  const rest = state.compare.filter((other) => other !== i), full = rest.length === LETTERS.en.length;
  if (full) update({ notice: 'fullCompare' });
  else update({ compare: rest.length < state.compare.length ? rest : [...rest, i], notice: '' });
}

const view = { zoom: '' };
let pending = 0;

/** Note where the map stands, for the address. */
export function noteMap(zoom, centre) {
  view.zoom = `${zoom.toFixed(2)}/${centre.lat.toFixed(3)}/${centre.lng.toFixed(3)}`;
  writeAddress();
}

export function address() {
  const parts = [['l', state.lang], ['v', state.view]];
  if (LENSED) parts.push(['t', DATA.type.id]);
  if (state.site !== null) parts.push(['s', SITES.id[state.site]]);
  if (state.view === 'cell') parts.push(['q', state.cell.map((degrees) => degrees.toFixed(4)).join(',')]);
  if (state.list !== 'rank' && state.view !== state.list) parts.push(['f', state.list]);
  if (state.preview) parts.push(['a', (state.preview[0] === 'swap' ? 's' : '') + state.preview[1]]);
  if (state.preset === 'equal' || memberOf(state.preset)) parts.push(['p', state.preset]);
  if (state.preset === 'own') parts.push(['w', state.groups.join(',')], ['i', state.inner.join(',')]);
  const locks = state.locks.reduce((bits, on, g) => bits + (on ? 2 ** g : 0), 0);
  if (locks) parts.push(['k', String(locks)]);
  if (state.compare.length) parts.push(['c', state.compare.map((i) => SITES.id[i]).join(',')]);
  if (view.zoom) parts.push(['z', view.zoom]);
  return '#' + parts.map(([key, value]) => `${key}=${encodeURIComponent(value).replace(/%2C/g, ',').replace(/%2F/g, '/')}`).join('&');
}

function writeAddress() {
  if (FRAMED) return;
  clearTimeout(pending);
  pending = setTimeout(() => history.replaceState(null, '', address()), 200);
}

function wholeNumbers(text, length) {
  if (!/^\d{1,4}(,\d{1,4})*$/.test(text)) return null;
  const numbers = text.split(',').map(Number);
  return numbers.length === length ? numbers : null;
}

function readWeights(keys) {
  if (keys.get('p') === 'equal' || memberOf(keys.get('p') ?? '')) return { preset: keys.get('p') };
  if (!keys.has('w')) return {};
  const groups = wholeNumbers(keys.get('w'), GROUPS.length);
  const given = keys.has('i') ? wholeNumbers(keys.get('i'), DATA.criteria.length) : asSliders().inner;
  const sums = given && MEMBERS.every((m) => m.length === 0 || m.reduce((a, j) => a + given[j], 0) === 1000);
  const right = groups && sums && groups.reduce((a, b) => a + b, 0) === 100
    && GROUPS.every((g) => MEMBERS[g].length > 0 || groups[g] === 0);
  return right ? { preset: 'own', groups, inner: given } : { preset: 'official', notice: 'badLink' };
}

/** The other set that an address asks to look at: its number, or s and that of a pick. */
function readPreview(text) {
  const found = /^(s?)(\d{1,3})$/.exec(text ?? '');
  if (!found || !PARKS) return null;
  const kind = found[1] ? 'swap' : 'set', k = Number(found[2]);
  return k < (found[1] ? PARKS.swaps : PARKS.sets).length ? [kind, k] : null;
}

/** The point that an address asks about, as [lon, lat]; null if it says none. */
function readPoint(text) {
  if (!/^-?\d{1,3}(\.\d{1,4})?,-?\d{1,2}(\.\d{1,4})?$/.test(text ?? '')) return null;
  const [lon, lat] = text.split(',').map(Number);
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 85 ? [lon, lat] : null;
}

/** Another address, given by us or pasted by somebody, is another page: it opens anew as the address says. */
export function followAddress() {
  if (FRAMED) return;
  window.addEventListener('hashchange', () => { clearTimeout(pending); window.location.reload(); });
}

/** Look at the sites as another park type judges them: another address, with its criteria. */
export function changeLens(type) {
  const kept = address().replace(/&(t|p|w|i|k|z)=[^&]*/g, '');
  window.location.hash = type ? `${kept}&t=${type}` : kept;
}

/** The state that an address asks for: unknown keys are ignored, bad values fall back. */
export function readAddress(text) {
  const keys = new URLSearchParams(text.replace(/^#/, ''));
  const change = { lang: keys.get('l') === 'en' ? 'en' : 'fa', ...readWeights(keys) };
  const indexOf = (id) => SITES.id.indexOf(id);
  const site = indexOf(keys.get('s'));
  if (site >= 0) change.site = site;
  const wanted = keys.get('v');
  const cell = readPoint(keys.get('q'));
  if (wanted === 'cell' && cell) change.cell = cell;
  if (VIEWS.includes(wanted) && (wanted !== 'cell' || cell) && (wanted !== 'site' || site >= 0)) change.view = wanted;
  if (PARKS === null && change.view === 'parks') delete change.view;
  if (!DATA.chain && change.view === 'chain') delete change.view;
  if ((PARKS && keys.get('f') === 'parks') || keys.get('f') === 'inquiries') change.list = keys.get('f');
  change.preview = readPreview(keys.get('a'));
  const compared = (keys.get('c') ?? '').split(',').map(indexOf).filter((i) => i >= 0);
  change.compare = [...new Set(compared)].slice(0, 4);
  const bits = Number(keys.get('k'));
  if (Number.isInteger(bits) && bits >= 0 && bits < 2 ** GROUPS.length) change.locks = GROUPS.map((g) => Math.floor(bits / 2 ** g) % 2 === 1);
  const place = (keys.get('z') ?? '').split('/').map(Number);
  const good = place.length === 3 && place.every(Number.isFinite);
  return { change, place: good ? place : null };
}

/** Sites that pass search and filters, ranked first. */
export function passing() {
  return [...now.scores.listed, ...now.scores.rest].filter(passes);
}

/** Park type of each chosen site. */
const parkTypes = new Map(PARKS ? PARKS.picks.map((pick) => [pick.site, pick.type]) : []);

function passesArea(i, wanted) {
  const area = SITES.area[i];
  return wanted === 'unknown' ? area === null : area !== null && area >= Number(wanted);
}

/** The list that is on show, or that the card on show was opened from. */
const listOnShow = () => (['site', 'cell'].includes(state.view) ? state.list : state.view);

/** Whether search and filters act: only where they can be seen, or on a card that was opened from there. */
export const filtersAct = () => ['rank', 'compare'].includes(listOnShow());

/** Rules of the authority that is lit, in the same way; null if none is. */
export const litRules = () => (listOnShow() === 'inquiries' ? state.lit : null);

export function passes(i) {
  if (!filtersAct()) return true;
  const { province, kind, verdict, area, park } = state.filters;
  return (!province || SITES.province[i] === province) && (!kind || SITES.kind[i] === kind)
    && (!verdict || String(SITES.verdict[i]) === verdict) && (!area || passesArea(i, area))
    && (!park || (park === '*' ? parkTypes.has(i) : parkTypes.get(i) === park.slice(1)))
    && (!now.sought || FOLDS[i].includes(now.sought));
}
