// The card of a site: verdict, score and why, rules, what is near, where it lies.
import { apart, fill, h } from './base.js';
import { chanceOf, isPark, panelParks, showsParks } from './choice.js';
import { DATA, EXCLUDED, LENSED, LIST_LENGTH, OPEN, PARKS, SITES, VERDICTS, valueAt } from './data.js';
import { feedItems, openingItems } from './flows.js';
import { distanceKm, distanceToPathKm, toUtm } from './geo.js';
import { linePaths } from './context.js';
import { intervalText, intervalTitle, strip } from './list.js';
import { breakdownOf } from './score.js';
import { now, official, passing, state, toggleCompare, update } from './state.js';
import { badge, parkChip, verdictBadge } from './symbols.js';
import { digits, isPersian, joined, kindName, km, nameOf, num, percent, provinceName, reading, siteName, statusWord, t, wordOf } from './text.js';
import { waterfall } from './waterfall.js';

export function fact(label, ...content) {
  return h('div', { class: 'fact' }, h('span', { class: 'sub', text: label }), h('span', { class: 'big' }, ...content));
}

export function section(key, ...content) {
  return h('section', {}, h('h3', { text: t(key) }), ...content);
}

/** The sites before and after one in the list that its card was opened from; among all if it is not in that list. */
export function neighbours(i) {
  const shown = showsParks() ? panelParks() : passing(), order = shown.includes(i) ? shown : [...now.scores.listed, ...now.scores.rest], at = order.indexOf(i);
  return { previous: order[at - 1] ?? null, next: order[at + 1] ?? null };
}

/** The way back to the list that a card was opened from. */
export function backText() {
  const lists = { rank: t('ranking'), parks: t('parksN', num(LIST_LENGTH)), inquiries: t('inquiries') };
  return `${isPersian() ? '→' : '←'} ${lists[state.list]}`;
}

function topBar(i) {
  const { previous, next } = neighbours(i);
  // These arrows turn by themselves where one reads from the right.
  const go = (key, arrow, other) => h('button', { type: 'button', class: 'button', id: key, 'aria-label': t(key), title: t(key), text: arrow, disabled: other === null, onclick: () => update({ site: other }) });
  return h('div', { class: 'row' }, h('button', { type: 'button', class: 'button', id: 'back', text: backText(), onclick: () => update({ view: state.list }) }),
    h('span', { class: 'push' }), go('previous', '‹', previous), go('next', '›', next));
}

function heading(i) {
  const area = SITES.area[i] === null ? null : t('ha', num(SITES.area[i]));
  const under = [kindName(SITES.kind[i]), provinceName(SITES.province[i]), area].filter(Boolean).join(' · ');
  return h('div', { class: 'row card-head' }, badge(i, 40),
    h('div', { class: 'who' }, h('h2', { id: 'card-title', tabindex: -1 }, apart(siteName(i))), h('span', { class: 'sub' }, isPark(i) ? parkChip() : null, under)),
    verdictBadge(SITES.verdict[i]));
}

function figures(i) {
  const share = (key, value) => (value === undefined || value === null ? null : fact(t(key, num(LIST_LENGTH)), percent(value)));
  return h('div', { class: 'facts' }, fact(t('score'), now.scores.score[i] === null ? '–' : num(now.scores.score[i], 3)),
    fact(t(LENSED ? 'typeRank' : 'officialRank'), official.rank[i] ? num(official.rank[i]) : '–'), fact(intervalTitle(), intervalText(i)),
    fact(t('known'), percent(now.scores.known[i])), share('chance', chanceOf(i)), share('chanceFirst', SITES.trust.prob_top_k?.[i]));
}

export function ruleLimit(rule) {
  return rule.limit === null ? '' : t(rule.least ? 'atLeast' : 'atMost', reading(rule.limit, rule.unit));
}

function ruleRow(c, code, found) {
  const rule = DATA.rules[c];
  const law = [...rule.basis, rule.rules.join(' ')].filter(Boolean).join(' · ');
  const origin = joined(rule.origin.map(wordOf));
  return h('tr', {},
    h('th', { scope: 'row' }, nameOf(rule), h('span', { class: 'sub', text: [ruleLimit(rule), found === null ? '' : t('reads', reading(found, rule.unit))].filter(Boolean).join(' · ') }),
      h('details', { class: 'sub' }, h('summary', { class: rule.status === 'superseded' ? 'warn' : null, text: statusWord(rule.status) }),
        apart(law), origin ? ` (${origin})` : '')),
    h('td', { text: nameOf(rule.authority) }), h('td', {}, verdictBadge(code)));
}

const SEVERITY = { 2: 0, 1: 1, 3: 2, 0: 3 };

/** Rules with their authority and what each answers, the gravest first; readings where known. */
export function answers(codes, readings) {
  const asked = DATA.rules.map((_, c) => c).filter((c) => VERDICTS[codes[c]] !== 'not_asked');
  asked.sort((a, b) => SEVERITY[codes[a]] - SEVERITY[codes[b]] || a - b);
  return h('table', { class: 'plain answers' }, h('thead', {}, h('tr', {}, ...['rule', 'authority', 'verdict'].map((key) => h('th', { scope: 'col', text: t(key) })))),
    h('tbody', {}, ...asked.map((c) => ruleRow(c, codes[c], readings?.[c] ?? null))));
}

function nearestPoint(list, here) {
  let best = null;
  for (const feature of list) {
    const distance = distanceKm(here, feature.at);
    if (distance > 0.05 && (!best || distance < best.distance)) best = { feature, distance };
  }
  return best;
}

function nearestLine(list, here) {
  let best = null;
  for (const feature of list) {
    const distance = Math.min(...[...feature.near, ...feature.beyond].map((path) => distanceToPathKm(here, path)));
    if (!best || distance < best.distance) best = { feature, distance };
  }
  return best;
}

/** Nearest works and lines of a position known to some accuracy. */
export function nearest(here, accuracy) {
  const row = (key, found, extra) => {
    if (!found) return null;
    const both = accuracy + (found.feature.accuracy ?? 0);
    const sure = found.feature.trace && found.feature.trace !== 'found' ? t('schematic') : t('plusMinus', km(both));
    return h('tr', {}, h('th', { scope: 'row' }, `${t(key)}: `, apart(nameOf(found.feature)), extra ? h('span', { class: 'sub', text: extra }) : null), h('td', { class: 'figure', text: km(found.distance) }), h('td', { class: 'sub', text: sure }));
  };
  const port = nearestPoint(DATA.context.ports, here);
  const depth = port && (port.feature.depth === undefined ? t('depthUnknown') : t('depthM', num(port.feature.depth, port.feature.depth % 1 ? 1 : 0)));
  return section('nearest', h('table', { class: 'plain near' }, h('tbody', {}, row('port', port, depth), row('feed', nearestPoint(DATA.context.feedstock, here)),
    row('pipeline', nearestLine(linePaths.pipelines, here)), row('estateNear', nearestPoint(DATA.context.estates, here)))), h('p', { class: 'sub', text: t('nearestNote') }));
}

function heaviest(i, weightOf) {
  const order = DATA.criteria.map((_, j) => [weightOf(j), j]).filter(([w]) => w > 0).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  return h('ul', {}, ...order.slice(0, 3).map(([w, j]) => h('li', {}, nameOf(DATA.criteria[j]), ' ', h('span', { class: 'sub inline', text: `+${num(w, 3)}` }))));
}

const heardOf = (i) => DATA.heard?.[i] ?? [];

/** What authorities have answered of a site. */
function heard(i) {
  return heardOf(i).length ? section('heard', h('ul', {}, ...heardOf(i).map((said) => h('li', {}, apart(nameOf(said)))))) : null;
}

function toList(i) {
  const { rank, score, shares, known, listed } = now.scores;
  if (SITES.verdict[i] === EXCLUDED) {
    const broken = DATA.rules.filter((rule, c) => rule.role === 'screen' && Number(SITES.answers[c][i]) === EXCLUDED);
    return section('toList', h('p', { text: t('ruledOut') }), h('ul', {}, ...broken.map((rule) => h('li', { text: [nameOf(rule), ruleLimit(rule)].join(' · ') })),
      ...heardOf(i).filter(({ refused }) => refused).map((said) => h('li', {}, apart(nameOf(said))))));
  }
  if (!rank[i]) return section('toList', h('p', { text: t('unknownFirst') }), heaviest(i, (j) => (valueAt(i, j) === null ? shares[j] : 0)));
  if (rank[i] <= LIST_LENGTH) return section('toList', h('p', { text: t('onList', num(LIST_LENGTH)) }));
  const gap = score[listed[LIST_LENGTH - 1]] - score[i];
  return section('toList', h('p', { text: t('gapToList', num(gap, 3), num(LIST_LENGTH)) }),
    heaviest(i, (j) => (valueAt(i, j) === null ? 0 : (shares[j] * (1 - valueAt(i, j))) / known[i])));
}

/** What it would cost to insist on a site that scores high and is not chosen. */
function leftOut(i) {
  const found = PARKS?.left_out.find((other) => other.site === i);
  if (!found) return null;
  const equal = found.loss !== null && found.loss < 0.0005, key = found.policy ? (equal ? 'leftOutByPolicy' : 'leftOutPolicy') : equal ? 'leftOutEqual' : 'leftOutCost';
  const cost = found.loss === null ? t('leftOutNever') : t(key, num(found.loss, 3));
  const leaves = found.leaves.length ? h('p', { class: 'sub' }, `${t('leftOutLeaves')}: `, apart(joined(found.leaves.map(siteName)))) : null;
  return section('leftOutHead', h('p', { text: cost }), leaves);
}

/** How well the position of a site is known; only what we drew ourselves lies on the grid. */
export function accuracyText(i) {
  return SITES.accuracy[i] > 0 ? km(SITES.accuracy[i]) : t(SITES.kind[i] === 'greenfield' ? 'onGrid' : 'asSurveyed');
}

/** A position in degrees and in UTM. */
export function position([lon, lat]) {
  const utm = toUtm([lon, lat]);
  return [h('p', { text: t('positionOf', num(lat, 3), num(lon, 3)) }),
    h('p', {}, h('bdi', { dir: 'ltr', text: `UTM ${utm.zone}  ${Math.round(utm.easting)} E  ${Math.round(utm.northing)} N` }))];
}

function origin(i) {
  const kind = SITES.source_kind[i];
  return section('sources', h('p', {}, apart(digits(SITES.source[i])), ['found', 'recalled', 'mixed', 'derived'].includes(kind) ? ` (${t(kind)})` : ''),
    SITES.note?.[i] ? h('p', { class: 'sub' }, apart(SITES.note[i])) : null);
}

export function copyText(button, text) {
  navigator.clipboard?.writeText(text).then(() => { button.textContent = t('copied'); }, () => { window.prompt(t('copyLink'), text); });
}

function foot(i) {
  const chosen = state.compare.includes(i);
  const asked = DATA.rules.filter((_, c) => [1, OPEN].includes(Number(SITES.answers[c][i]))).length;
  return h('div', { class: 'foot row' },
    h('button', { type: 'button', class: 'button main', id: 'add-compare', text: t(chosen ? 'dropCompare' : 'addCompare'), onclick: () => toggleCompare(i) }),
    h('button', { type: 'button', class: 'button', text: `${t('inquiries')} (${num(asked)})`, onclick: () => update({ view: 'inquiries' }) }),
    h('button', { type: 'button', class: 'button', text: t('copyLink'), onclick: (event) => copyText(event.target, window.location.href) }));
}

function feedstock(i) {
  const items = feedItems(i);
  return items && section('feedstockHead', h('ul', { class: 'feed' }, ...items));
}

function openings(i) {
  const items = openingItems(i);
  return items && section('openingsHead', h('ul', { class: 'feed' }, ...items));
}

export function drawCard(rail) {
  const i = state.site, accuracy = SITES.accuracy[i] ?? 0, here = [SITES.lon[i], SITES.lat[i]];
  const sure = accuracy > 0 ? t('accuracyKm', km(accuracy)) : accuracyText(i);
  fill(rail, h('div', { class: 'pad' }, topBar(i), heading(i), figures(i)), strip(),
    h('div', { class: 'scroll pad', role: 'region', 'aria-labelledby': 'card-title', tabindex: 0 },
      section('why', waterfall(breakdownOf(now.scores, i), SITES.readings[i])), section('answers', answers(DATA.rules.map((_, c) => Number(SITES.answers[c][i])), SITES.distances[i])), heard(i), nearest(here, accuracy), toList(i), leftOut(i), feedstock(i), openings(i),
      section('positionHead', ...position(here), h('p', { text: sure })), origin(i)), foot(i));
}
