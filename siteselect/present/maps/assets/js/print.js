// The A4 or A3 sheet: the map at a fixed size with all that must be read beside it.
import { apart, byId, fill, h, svg } from './base.js';
import { chanceOf, isPark, preview, previews, showsParks } from './choice.js';
import { DATA, LIST_LENGTH, PARKS, SITES, VERDICTS } from './data.js';
import { CHAIN, typeColour, typeOf } from './flows.js';
import { legendParts } from './legend.js';
import { filterWords, intervalText, intervalTitle, weightWords } from './list.js';
import { changes } from './parks.js';
import { licenceLine, openRules } from './sources.js';
import { MEMBERS, OFFICIAL_SHARES, groupShares, isExploratory, now, official, passing, state } from './state.js';
import { groupColour } from './symbols.js';
import { dateText, direction, joined, nameOf, num, percent, provinceName, siteName, t } from './text.js';

const ON_SHEET = { a4: LIST_LENGTH, a3: 30 };

function sheetTable(heads, rows) {
  return h('table', {}, h('thead', {}, h('tr', {}, ...heads.map((text) => h('th', { text })))),
    h('tbody', {}, ...rows.map((cells) => h('tr', {}, ...cells.map((cell) => h('td', {}, cell))))));
}

const written = (i) => h('bdi', { text: siteName(i) });

/** A park type beside the colour of its flows. */
function typeName(k) {
  return h('span', {}, h('i', { class: 'chip', style: { background: typeColour(k) } }), ` ${nameOf(PARKS.types[k])}`);
}

const rankText = (i) => (now.scores.rank[i] ? num(now.scores.rank[i]) : '×');

/** Type and score of a site that comes in: as far as the other set tells them, never by the criteria of another type. */
function newcomer(site) {
  const { sites, types } = preview(), type = CHAIN ? types?.[sites.indexOf(site)] : PARKS.types[0].id, k = PARKS.types.findIndex(({ id }) => id === type);
  return [k < 0 ? '–' : typeName(k), CHAIN ? '–' : num(official.score[site], 3)];
}

/** The chosen parks with their types, if they are what the map shows; in a preview who goes is marked, and who comes in is listed. */
function parkTable() {
  const heads = [t('rank'), t('site'), t('province'), t('parkType'), t('typeScore'), t('chance'), t('verdict')], { joins, leaves } = preview();
  const line = (site, mark, told) => [rankText(site), h('span', {}, mark, written(site)), provinceName(SITES.province[site]), ...told,
    chanceOf(site) === null ? '–' : percent(chanceOf(site)), t(VERDICTS[SITES.verdict[site]])];
  return sheetTable(heads, [...PARKS.picks.map(({ site, score }) => line(site, leaves.includes(site) ? '▼ ' : '', [typeName(typeOf.get(site)), num(score, 3)])),
    ...joins.map((site) => line(site, '▲ ', newcomer(site)))]);
}

/** That the sheet shows a preview, what it changes and by which rings the map tells it. */
function previewStrip() {
  const rings = { comesIn: 'greenRing', goesOut: 'dashedRing' };
  return h('div', { class: 'strip preview' }, ...changes((key) => ` (${t(rings[key])})`));
}

/** Sites of the sheet, in tables beside one another that are as long as the list. */
function siteTables() {
  if (showsParks()) return h('div', { class: 'sheet-sites' }, parkTable());
  const sites = passing().slice(0, ON_SHEET[state.paper]), half = state.paper === 'a3' ? 15 : sites.length;
  const parts = [sites.slice(0, half), sites.slice(half)].filter((part) => part.length);
  return h('div', { class: 'sheet-sites' }, ...parts.map(siteTable));
}

function siteTable(sites) {
  const heads = [t('rank'), t('site'), t('province'), t('score'), intervalTitle(), t('known'), t('verdict')];
  return sheetTable(heads, sites.map((i) => [
    rankText(i), h('span', {}, written(i), isPark(i) ? ' ●' : ''), provinceName(SITES.province[i]), num(now.scores.score[i], 3), intervalText(i), percent(now.scores.known[i]), t(VERDICTS[SITES.verdict[i]])]));
}

function weightTable() {
  const shares = groupShares(), groups = DATA.groups.map((_, g) => g).filter((g) => MEMBERS[g].length);
  return sheetTable([t('group'), t('weight'), t('official')], groups.map((g) => [
    h('span', {}, h('i', { class: 'chip', style: { background: groupColour(g) } }), ` ${nameOf(DATA.groups[g])}`), percent(shares[g]), percent(OFFICIAL_SHARES[g])]));
}

function northArrow() {
  return svg('svg', { width: 22, height: 40, class: 'north', 'aria-hidden': 'true' }, svg('path', { d: 'M11 2L18 26L11 21L4 26Z', fill: '#1B2430' }),
    svg('text', { x: 11, y: 38, 'font-size': 11, 'font-weight': 700, 'text-anchor': 'middle', text: t('north') }));
}

function drawSheet() {
  const { run } = DATA, sheet = byId('sheet');
  sheet.dir = direction();
  const facts = [run.date ? t('runOf', dateText(run.date)) : '', t('runId', run.id), t('printedOn', dateText(new Date().toISOString())), weightWords()].filter(Boolean);
  const filters = showsParks() ? [] : filterWords();
  if (filters.length) facts.push(`${t('filters')}: ${joined(filters)}`);
  const licences = licenceLine().map(([names, licence]) => h('span', {}, `${names}: `, apart(licence), '. '));
  const open = openRules();
  fill(sheet,
    h('div', { class: 'sheet-head' }, h('h1', { text: nameOf(DATA.study) }), h('p', { class: isExploratory() || filters.length ? 'strip' : null, text: [nameOf(DATA.type), ...facts].join(' · ') }), previews() ? previewStrip() : null),
    h('div', { class: 'sheet-side' }, northArrow(), ...legendParts('sheet')),
    h('div', { class: 'sheet-foot' }, siteTables(), h('div', {}, weightTable(), h('p', {}, h('b', { text: `${t('howToRead')}: ` }), t('howTo'))),
      h('div', {}, h('b', { text: t('licences') }), PARKS ? h('p', { text: `● ${t('officialSet')}` }) : null, h('p', {}, ...licences, t('scaleNote')),
        open.length ? h('p', {}, h('b', { text: `${t('openRules')}: ` }), joined(open.map(nameOf))) : null)));
  // What a preview or long names add is taken from the height of the map, so that the sheet stays one page.
  document.body.style.setProperty('--strip', `${sheet.querySelector('.preview')?.offsetHeight ?? 0}px`);
  document.body.style.setProperty('--foot', `${sheet.querySelector('.sheet-foot').offsetHeight}px`);
}

/** Before printing the map takes the size of the sheet; afterwards it goes back, framed as before or where it was moved to. */
export function preparePrinting(map, home, frame) {
  let before = null;
  const begin = () => {
    if (before) return;
    before = { centre: map.getCenter(), zoom: map.getZoom(), whole: frame.whole };
    document.body.classList.add('printing', state.paper);
    drawSheet();
    map.invalidateSize({ animate: false, pan: false });
    home();
  };
  const end = () => {
    if (!before) return;
    document.body.classList.remove('printing', state.paper);
    byId('sheet').replaceChildren();
    map.invalidateSize({ animate: false, pan: false });
    if (!before.whole) map.setView(before.centre, before.zoom, { animate: false });
    before = null;
  };
  window.addEventListener('beforeprint', begin);
  window.addEventListener('afterprint', end);
}
