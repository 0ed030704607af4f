// The ranking: a real table, the way in for keyboard and screen reader.
import { byId, fill, h, refill } from './base.js';
import { isPark } from './choice.js';
import { DATA, EXCLUDED, LENSED, OWN_TYPE, PARKS, SITES, UNDETERMINED } from './data.js';
import { NO_FILTERS, ROWS, filtersAct, isExploratory, letterOf, memberOf, now, official, passing, state, toggleCompare, update } from './state.js';
import { badge, changeMark, parkChip, verdictBadge } from './symbols.js';
import { direction, isPersian, kindName, km, nameOf, num, percent, provinceName, range, siteName, t } from './text.js';

// Heights of a row whose name takes one line, or two with what stands beneath.
const ROW = 46, TALLEST_ROW = 64;

const hasTrust = () => 'rank_low' in SITES.trust;

/** Bar from low to high with a tick, from the reading side. */
function bar(low, high, tick, label) {
  const from = isPersian() ? 'right' : 'left', share = (v) => `${(100 * v).toFixed(2)}%`;
  return h('div', { class: 'interval', role: 'img', 'aria-label': label, title: label },
    h('i', { class: 'interval-line' }),
    h('i', { class: 'interval-range', style: { [from]: share(low), width: share(Math.max(0, high - low)) } }),
    h('i', { class: 'interval-tick', style: { [from]: share(tick) } }));
}

/** Whether intervals are those of ranks: draws were made under the official weights only. */
const ofRanks = () => hasTrust() && !isExploratory();

/** The rank interval where the run has one, else the interval of the score. */
export function intervalBar(i) {
  const { score, low, high, rank } = now.scores;
  if (ofRanks()) {
    // A site without a rank has no interval of ranks either.
    if (SITES.trust.rank_low[i] === null) return null;
    const most = now.scores.listed.length, share = (r) => (r - 1) / Math.max(1, most - 1);
    return bar(share(SITES.trust.rank_low[i]), share(SITES.trust.rank_high[i]), share(rank[i] || most), intervalText(i));
  }
  return bar(low[i], high[i], score[i] ?? low[i], intervalText(i));
}

export function intervalTitle() {
  return t(ofRanks() ? 'rankInterval' : 'scoreInterval');
}

export function intervalText(i) {
  if (ofRanks()) return SITES.trust.rank_low[i] === null ? '–' : range(num(SITES.trust.rank_low[i]), num(SITES.trust.rank_high[i]));
  return range(num(now.scores.low[i], 2), num(now.scores.high[i], 2));
}

/** What the weights change in a row: score, interval and change of rank, cell by cell. */
function weighedCells(i) {
  const score = now.scores.score[i];
  return [score === null ? '–' : num(score, 3), SITES.verdict[i] === EXCLUDED ? verdictBadge(EXCLUDED) : intervalBar(i),
    now.scores.rank[i] > 0 ? changeMark(official.rank[i], now.scores.rank[i]) : null];
}

function rankRow(i) {
  const verdict = SITES.verdict[i], ranked = now.scores.rank[i] > 0;
  const under = [kindName(SITES.kind[i]), provinceName(SITES.province[i])].join(' · '), compared = state.compare.indexOf(i);
  const doubt = verdict === UNDETERMINED && ranked ? h('span', { class: 'doubt', role: 'img', title: t('undetermined'), 'aria-label': t('undetermined') }) : null;
  return h('tr', { tabindex: 0, 'data-row': i, 'aria-selected': state.site === i || (state.view === 'compare' && compared >= 0) ? 'true' : null },
    h('td', {}, badge(i)),
    h('td', { class: 'who' }, state.view === 'compare' && compared >= 0 ? h('span', { class: 'letter small', text: letterOf(compared) }) : null, h('bdi', { class: 'name', text: siteName(i), title: siteName(i) }), h('span', { class: 'sub' }, isPark(i) ? parkChip(true) : null, doubt, under)),
    ...weighedCells(i).map((cell, k) => h('td', { class: k === 0 ? 'figure' : null }, cell)));
}

/** While a thumb is held only rows in view change, and in a row only what the weights change. */
export function weighRows() {
  const box = byId('rows'), rows = byId('ranking')?.tBodies[0].rows, all = entries();
  if (!rows) return;
  refill(byId('strip'), strip());
  const first = Math.floor(box.scrollTop / TALLEST_ROW), last = Math.ceil((box.scrollTop + Math.min(box.clientHeight, window.innerHeight)) / ROW) + 1;
  for (let k = first; k < Math.min(last, rows.length, all.length); k += 1) {
    const entry = all[k], row = rows[k];
    if (typeof entry !== 'number') row.replaceWith(divider(entry));
    else if (row.dataset.row !== String(entry)) row.replaceWith(rankRow(entry));
    else {
      const [mark, , ...cells] = row.cells;
      refill(mark, badge(entry));
      weighedCells(entry).forEach((cell, j) => refill(cells[j], cell));
    }
  }
}

function divider(text) {
  return h('tr', { class: 'divider' }, h('th', { colspan: 5, scope: 'rowgroup', text }));
}

/** Sites and dividers in the order of the table. */
function entries() {
  const found = passing(), { rank } = now.scores;
  const excluded = found.filter((i) => SITES.verdict[i] === EXCLUDED);
  const poor = found.filter((i) => !rank[i] && SITES.verdict[i] !== EXCLUDED);
  return [...found.filter((i) => rank[i]), ...(poor.length ? [t('unranked', num(poor.length)), ...poor] : []),
    ...(excluded.length ? [t('excludedN', num(excluded.length)), ...excluded] : [])];
}

function showMore() {
  const first = state.shown;
  update({ shown: first + ROWS });
  byId('rows').querySelectorAll('[data-row]')[first]?.focus({ preventScroll: true });
}

/** Only the first rows are drawn, so that two thousand sites can be weighed while a thumb moves. */
function table() {
  const heads = [t('rank'), t('site'), t('score'), intervalTitle(), t('change')], all = entries(), left = all.length - state.shown;
  if (!all.length) {
    return [h('div', { class: 'empty' }, h('p', { text: t('noneFound') }),
      h('button', { type: 'button', class: 'button', text: t('clear'), onclick: clearFilters }))];
  }
  const rows = all.slice(0, state.shown).map((entry) => (typeof entry === 'number' ? rankRow(entry) : divider(entry)));
  return [h('table', { class: 'ranking', id: 'ranking', 'aria-label': t('ranking'), 'aria-rowcount': all.length + 1 },
    h('thead', {}, h('tr', {}, ...heads.map((text, k) => h('th', { scope: 'col', text, 'aria-sort': k === 0 ? 'ascending' : null })))),
    h('tbody', { onclick: openRow, onkeydown: rowKey }, ...rows)),
  left > 0 ? h('div', { class: 'pad' }, h('button', { type: 'button', class: 'button', id: 'more', text: t('moreRows', num(Math.min(left, ROWS)), num(left)), onclick: showMore })) : null];
}

/** A row opens its site; while sites are compared it takes the site in or out. */
function openRow(event) {
  const row = event.target.closest('[data-row]');
  if (!row) return;
  const site = Number(row.dataset.row);
  if (state.view !== 'compare') update({ view: 'site', site });
  else {
    toggleCompare(site);
    byId('rows').querySelector(`[data-row="${site}"]`)?.focus({ preventScroll: true });
  }
}

function rowKey(event) {
  const row = event.target.closest('[data-row]'), step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
  if (event.key === 'Enter' && row) openRow(event);
  if (!step || !row) return;
  event.preventDefault();
  let other = row[step];
  while (other && !other.dataset.row) other = other[step];
  other?.focus();
}

function clearFilters() {
  byId('search').value = '';
  for (const key of Object.keys(state.filters)) {
    const box = byId(`filter-${key}`);
    if (box) box.value = '';
  }
  update({ search: '', shown: ROWS, filters: { ...NO_FILTERS } });
}

const some = (column) => [...new Set(SITES[column])].sort();

/** What each filter lets choose, as value and words. */
const CHOICES = {
  province: () => some('province').map((code) => [code, provinceName(code)]),
  kind: () => some('kind').map((kind) => [kind, kindName(kind)]),
  verdict: () => ['eligible', 'undetermined', 'excluded'].map((key, k) => [String(k), t(key)]),
  area: () => [...[100, 300, 1000].map((least) => [String(least), t('atLeast', t('ha', num(least)))]), ['unknown', t('unknown')]],
  // A mark before the name of a type, so that no type can be taken for "any".
  park: () => [['*', t('inSet')], ...(PARKS.types.length > 1 ? PARKS.types.map((type) => [`=${type.id}`, nameOf(type)]) : [])],
};

/** Under which weights a sheet or a picture stands; of a preset, whose they are. */
export function weightWords() {
  if (!isExploratory()) return t('officialWeights');
  const member = memberOf(state.preset), whose = member ? t('presetOf', `\u2068${member.name}\u2069`) : state.preset === 'equal' ? t('equal') : '';
  return [t('exploratoryShort'), whose].filter(Boolean).join(': ');
}

/** Search and filters that act, in words; empty if all sites are shown. */
export function filterWords() {
  if (!filtersAct()) return [];
  const set = Object.keys(CHOICES).filter((key) => state.filters[key]);
  const words = set.map((key) => `${t(key)}: ${CHOICES[key]().find(([value]) => value === state.filters[key])?.[1]}`);
  return now.sought ? [...words, t('searched', state.search.trim())] : words;
}

function choice(key) {
  const select = h('select', { id: `filter-${key}`, onchange: (event) => update({ shown: ROWS, filters: { ...state.filters, [key]: event.target.value } }) },
    h('option', { value: '', text: `${t(key)}: ${t('all')}` }), ...CHOICES[key]().map(([value, text]) => h('option', { value, text, selected: state.filters[key] === value })));
  return h('label', {}, h('span', { class: 'unseen', text: t(key) }), select);
}

function filters() {
  return h('div', { class: 'filters' }, ...Object.keys(CHOICES).filter((key) => PARKS || key !== 'park').map(choice));
}

export function strip() {
  if (state.notice) return h('div', { class: 'strip', role: 'status', text: t(state.notice) });
  const lens = LENSED ? t('lensNote', nameOf(DATA.type), nameOf(OWN_TYPE)) : '';
  if (!isExploratory()) return LENSED ? h('div', { class: 'strip', id: 'lens-note', text: lens }) : null;
  const ground = LENSED ? lens : DATA.lattice ? t('groundLive', km(DATA.lattice.cell_m / 1000)) : t('groundOfficial');
  return h('div', { class: 'strip' }, t('exploratory'), h('span', { class: 'sub', text: ground }));
}

/** Everything of the rail but the rows; typing in the search box must not rebuild the box. */
export function drawList(rail) {
  const search = h('input', {
    type: 'search', id: 'search', value: state.search, placeholder: t('search'), 'aria-label': t('search'), dir: direction(), autocomplete: 'off',
    oninput: (event) => update({ search: event.target.value, shown: ROWS }),
  });
  fill(rail, h('div', { class: 'pad' }, search, filters()), h('div', { id: 'strip' }), h('div', { id: 'rows', class: 'scroll' }), h('div', { class: 'foot', id: 'foot' }));
  drawRows();
}

export function drawRows() {
  const excluded = SITES.verdict.filter((v) => v === EXCLUDED).length;
  fill(byId('strip'), strip());
  fill(byId('rows'), ...table());
  byId('foot').textContent = t('foot', num(now.scores.listed.length), num(excluded), percent(DATA.minKnown));
}
