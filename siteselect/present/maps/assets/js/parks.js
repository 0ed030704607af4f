// The chosen parks: who, why these, what each rule costs, and who else nearly came in.
import { apart, fill, h } from './base.js';
import { fact, section } from './card.js';
import { chanceOf, picksOf, preview } from './choice.js';
import { curveChart, curveNote } from './curve.js';
import { DATA, LIST_LENGTH, PARKS, SITES, UNDETERMINED } from './data.js';
import { CHAIN, typeColour } from './flows.js';
import { distanceKm } from './geo.js';
import { isExploratory, now, official, state, update } from './state.js';
import { badge, changeMark, parkChip } from './symbols.js';
import { joined, kindName, nameOf, num, percent, provinceName, siteName, t, wordOf } from './text.js';

const at = (i) => [SITES.lon[i], SITES.lat[i]];
const names = (sites) => joined(sites.map(siteName));
const siteLink = (i) => h('button', { type: 'button', class: 'link name', onclick: () => update({ view: 'site', site: i }) }, apart(siteName(i)));
const lossText = (loss) => (loss === null ? t('cannotDo') : loss > 0 ? t('loses', num(loss, 4)) : t('losesNothing'));

function head() {
  const used = PARKS.existing + PARKS.extensions;
  const worth = PARKS.proven ? t('proven') : t('gap', percent(PARKS.gap, 2));
  const price = PARKS.tolerance > 0 ? t('priceOf', num(PARKS.price, 3), percent(PARKS.price / PARKS.best_total, 2), percent(PARKS.tolerance, 1)) : null;
  return [h('div', { class: 'row' }, h('h2', { text: t('parksN', num(LIST_LENGTH)), tabindex: -1 }), isExploratory() ? parkChip() : null),
    h('div', { class: 'facts' }, fact(t('total13'), num(PARKS.total, 3)), fact(t('proof'), worth), fact(t('onExisting'), t('nOfN', num(used), num(LIST_LENGTH)))),
    PARKS.burden > 0 ? h('p', { class: 'sub', text: t('haulageOff', num(PARKS.total + PARKS.burden, 3), num(PARKS.burden, 3)) }) : null,
    price ? h('p', { class: 'sub', text: price }) : null,
    PARKS.robust ? h('p', { class: 'sub', text: t('regret', num(PARKS.robust.regret_mean, 3), num(PARKS.robust.regret_max, 3)) }) : null];
}

function setChoice() {
  const value = state.preview && state.preview[0] === 'set' ? String(state.preview[1]) : '';
  const select = h('select', { id: 'set', 'aria-label': t('nearSets'), onchange: (event) => update({ preview: event.target.value === '' ? null : ['set', Number(event.target.value)] }) },
    h('option', { value: '', text: t('officialSet'), selected: value === '' }),
    ...PARKS.sets.map((set, k) => h('option', { value: String(k), selected: value === String(k), text: `${t('setN', num(k + 1))} · ${lossText(set.loss)}` })));
  return PARKS.sets.length ? h('div', { class: 'row set-choice' }, select) : null;
}

/** What the set that is looked at would change, told with `ring` of each mark if there is one to tell; the official one stays as it is. */
export function changes(ring = () => '') {
  const { joins, leaves, loss } = preview();
  const line = (sign, key, sites, tone) => h('p', { class: `change ${tone}` }, `${sign} ${t(key)}${ring(key)}: `, apart(names(sites)));
  return [h('b', { text: t('previewHead') }), line('▲', 'comesIn', joins, 'up'), line('▼', 'goesOut', leaves, 'down'), h('p', { text: lossText(loss) })];
}

function previewStrip() {
  if (!state.preview) return null;
  return h('div', { class: 'strip preview', role: 'status' }, ...changes(), h('button', { type: 'button', class: 'button', id: 'end-preview', text: t('backToOfficial'), onclick: () => update({ preview: null }) }));
}

function alternative(k) {
  const swap = PARKS.swaps[k], on = state.preview !== null && state.preview[0] === 'swap' && state.preview[1] === k;
  if (swap.loss === null) return h('span', { class: 'sub', text: t(swap.policy ? 'cannotDoPolicy' : 'cannotDo') });
  // The others are swaps among equals that come with it; all of them stand in the preview.
  const here = at(PARKS.picks[k].site), [first] = [...swap.joins].sort((a, b) => distanceKm(here, at(a)) - distanceKm(here, at(b)) || a - b);
  const rest = swap.joins.length - 1, who = rest > 0 ? t('andMore', siteName(first), num(rest)) : siteName(first);
  return h('button', { type: 'button', class: 'link swap', id: `swap-${k}`, 'aria-pressed': String(on), title: names(swap.joins), onclick: () => update({ preview: on ? null : ['swap', k] }) },
    `${t('alternative')}: `, apart(who), ` · ${lossText(swap.loss)}`);
}

function chance(i) {
  const share = chanceOf(i);
  if (share === null) return '–';
  return h('span', { class: 'chance' }, h('span', { class: 'track' }, h('i', { style: { width: `${100 * share}%`, background: '#0B5FA5' } })), h('span', { class: 'figure', text: percent(share) }));
}

function parkRow(pick, k) {
  const i = pick.site, goes = preview().leaves.includes(i);
  const under = [kindName(SITES.kind[i]), provinceName(SITES.province[i]), wordOf(`rung_${pick.rung}`), SITES.verdict[i] === UNDETERMINED ? t('undetermined') : ''].filter(Boolean).join(' · ');
  // With park types a park counts by the criteria of its own type, whatever the weights of the page.
  const score = CHAIN ? pick.score : now.scores.score[i];
  return h('tr', { 'data-row': i, class: goes ? 'goes' : null },
    h('td', {}, badge(i), isExploratory() ? changeMark(official.rank[i], now.scores.rank[i]) : null),
    h('td', { class: 'who' }, siteLink(i), h('span', { class: 'sub', text: under }), alternative(k)),
    h('td', { class: 'figure', text: score === null ? '–' : num(score, 3) }), h('td', {}, chance(i)));
}

function typeTable(type) {
  const rows = picksOf(type);
  const tone = CHAIN && h('i', { class: 'tone', style: { background: typeColour(PARKS.types.indexOf(type)) } });
  return h('section', {}, h('h3', {}, tone, `${nameOf(type)} (${num(rows.length)})`),
    h('table', { class: 'parks', 'aria-label': nameOf(type) }, h('thead', {}, h('tr', {}, ...['rank', 'site', CHAIN ? 'typeScore' : 'score', 'chance'].map((key) => h('th', { scope: 'col', text: t(key) })))),
      h('tbody', {}, ...rows.map((k) => parkRow(PARKS.picks[k], k)))));
}

/** With park types the parks have scores of their own; that of a site that comes in is another, and says of which type. */
function scoreAs(i) {
  const score = now.scores.score[i] === null ? '–' : num(now.scores.score[i], 3);
  return CHAIN ? h('span', { class: 'sub', text: `${nameOf(DATA.type)}: ${score}` }) : score;
}

/** Sites that come in, shown beneath the official ones while they are looked at. */
function joining() {
  const { joins } = preview();
  return joins.length ? h('section', {}, h('h3', { class: 'change up', text: `▲ ${t('comesIn')}` }), h('ul', { class: 'joining' }, ...joins.map((i) => h('li', { class: 'row', 'data-row': i }, badge(i), siteLink(i), h('span', { class: 'push figure' }, scoreAs(i)))))) : null;
}

function prices() {
  const dear = PARKS.prices.filter((rule) => rule.cost > 0).sort((a, b) => b.cost - a.cost), free = PARKS.prices.filter((rule) => !(rule.cost > 0));
  const row = (rule) => h('tr', {}, h('th', { scope: 'row', text: nameOf(rule) }), h('td', { class: 'figure', text: num(rule.cost, 3) }));
  return section('priceHead', h('p', { class: 'sub', text: t('priceNote') }), h('table', { class: 'plain' }, h('tbody', {}, ...dear.map(row))),
    free.length ? h('details', { class: 'sub' }, h('summary', { text: t('freeRules', num(free.length)) }), h('ul', {}, ...free.map((rule) => h('li', { text: nameOf(rule) })))) : null);
}

function questions() {
  return PARKS.inquiries.length ? section('inquiries', h('ul', {}, ...PARKS.inquiries.map((asked) => h('li', {}, nameOf(asked), h('span', { class: 'sub', text: `${t('sitesN', num(asked.sites.length))}: ${names(asked.sites)}` }))))) : null;
}

export function drawParks(rail) {
  const curve = curveChart();
  fill(rail, h('div', { class: 'pad' }, ...head(), setChoice()), previewStrip(),
    h('div', { class: 'scroll pad', tabindex: 0, role: 'region', 'aria-label': t('parksN', num(LIST_LENGTH)) },
      joining(), ...PARKS.types.map(typeTable), curve ? section('curve', h('p', { class: 'sub', text: curveNote() }), curve) : null, prices(),
      PARKS.notes.length ? section('notesHead', h('ul', {}, ...PARKS.notes.map((note) => h('li', { text: nameOf(note) })))) : null, questions()));
}

