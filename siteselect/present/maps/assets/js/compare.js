// Two to four sites side by side.
import { apart, byId, fill, h } from './base.js';
import { accuracyText } from './card.js';
import { DATA, SITES } from './data.js';
import { intervalBar, intervalText, intervalTitle } from './list.js';
import { breakdownOf, byGroup } from './score.js';
import { MEMBERS, letterOf, now, official, state, toggleCompare, update } from './state.js';
import { badge, changeMark, groupColour, verdictBadge } from './symbols.js';
import { direction, kindName, nameOf, num, percent, provinceName, siteName, t } from './text.js';

function head(i, place) {
  return h('th', { scope: 'col' }, h('div', { class: 'row' }, h('span', { class: 'letter', text: letterOf(place) }), badge(i, 24), verdictBadge(SITES.verdict[i]),
    h('button', { type: 'button', class: 'link name', onclick: () => update({ view: 'site', site: i }) }, apart(siteName(i))), h('span', { class: 'push' }),
    h('button', { type: 'button', class: 'link drop', 'aria-label': `${t('dropCompare')}: ${siteName(i)}`, text: '×', onclick: () => toggleCompare(i) })));
}

/** One row: a title, what each site says as text, and how it is shown. */
function lineOf(title, texts, cells) {
  return { same: texts.every((text) => text === texts[0]), element: h('tr', {}, h('th', { scope: 'row', text: title }), ...cells.map((cell) => h('td', {}, cell))) };
}

function scoreLine(sites) {
  const scores = sites.map((i) => now.scores.score[i]), top = Math.max(...scores.filter((score) => score !== null));
  const beside = (score) => (score === null ? '' : score === top ? t('best') : num(score - top, 3));
  const cells = sites.map((i, k) => h('div', { class: 'row' }, h('b', { text: scores[k] === null ? '–' : num(scores[k], 3) }),
    h('span', { class: 'sub inline', text: beside(scores[k]) }), h('span', { class: 'push' }), changeMark(official.rank[i], now.scores.rank[i])));
  return lineOf(t('score'), scores.map(String), cells);
}

function groupLine(sites, g) {
  const weight = MEMBERS[g].reduce((sum, j) => sum + now.scores.shares[j], 0);
  // Mean value within the group over what is known, 0 to 1, so that columns compare at sight.
  const means = sites.map((i) => {
    const sums = byGroup(breakdownOf(now.scores, i))[g];
    return weight > 0 && sums.possible > 0 ? sums.earned / sums.possible : null;
  });
  const most = Math.max(...means.map((m) => m ?? -1));
  const cells = means.map((mean) => h('div', { class: 'row' },
    h('span', { class: 'track' }, h('i', { style: { width: `${100 * (mean ?? 0)}%`, background: groupColour(g) } })),
    h(mean === most ? 'b' : 'span', { class: 'figure', text: mean === null ? t('unknown') : num(mean, 2) })));
  return lineOf(nameOf(DATA.groups[g]), means.map((m) => (m === null ? '' : m.toFixed(2))), cells);
}

function textLine(title, texts) {
  return lineOf(title, texts, texts.map((text) => h('span', { text })));
}

export function compareLines(sites) {
  return [scoreLine(sites), ...DATA.groups.map((_, g) => g).filter((g) => MEMBERS[g].length).map((g) => groupLine(sites, g)),
    lineOf(intervalTitle(), sites.map(intervalText), sites.map((i) => h('div', { class: 'row' }, intervalBar(i), h('span', { text: intervalText(i) })))),
    textLine(t('known'), sites.map((i) => percent(now.scores.known[i]))), textLine(t('accuracy'), sites.map(accuracyText)),
    textLine(t('kind'), sites.map((i) => kindName(SITES.kind[i]))), textLine(t('province'), sites.map((i) => provinceName(SITES.province[i]))),
    textLine(t('area'), sites.map((i) => (SITES.area[i] === null ? t('unknown') : t('ha', num(SITES.area[i])))))];
}

export function drawCompare() {
  const box = byId('compare'), sites = state.compare;
  box.dir = direction();
  box.setAttribute('aria-label', t('compare'));
  if (sites.length < 2) {
    fill(box, h('h2', { text: t('compare') }), h('p', { text: t('chooseAnother') }));
    return;
  }
  const lines = compareLines(sites).filter((line) => !state.onlyDifferences || !line.same);
  const switcher = h('button', { type: 'button', class: 'button', id: 'differences', 'aria-pressed': String(state.onlyDifferences), text: t('differences'), onclick: () => update({ onlyDifferences: !state.onlyDifferences }) });
  fill(box, h('div', { class: 'row' }, h('h2', { text: t('comparing', num(sites.length)) }), h('span', { class: 'push' }), switcher),
    h('table', { class: 'compare' }, h('thead', {}, h('tr', {}, h('td'), ...sites.map(head))), h('tbody', {}, ...lines.map((line) => line.element))));
}
