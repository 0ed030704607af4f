// Who must be asked what: rules in doubt or open, by authority.
import { apart, fill, h } from './base.js';
import { ruleLimit } from './card.js';
import { DATA, OPEN, SITES, UNDETERMINED } from './data.js';
import { state, update } from './state.js';
import { joined, nameOf, num, statusWord, t, wordOf } from './text.js';

function asking(c) {
  return [...SITES.answers[c]].map((answer, i) => ([UNDETERMINED, OPEN].includes(Number(answer)) ? i : -1)).filter((i) => i >= 0);
}

const isNobody = ({ authority }) => authority.en === 'none';

function byAuthority() {
  const found = new Map();
  DATA.rules.forEach((rule, c) => {
    const sites = asking(c);
    if (!sites.length) return;
    const entry = found.get(rule.authority.en) ?? { authority: rule.authority, rules: [], sites: new Set() };
    entry.rules.push({ c, count: sites.length });
    sites.forEach((i) => entry.sites.add(i));
    found.set(rule.authority.en, entry);
  });
  // What no authority answers comes last: it is no letter to be written.
  return [...found.values()].sort((a, b) => isNobody(a) - isNobody(b));
}

/** The time limits of the bodies that a rule names, as they were published. */
function daysOf(rule) {
  return rule.days.length ? t('statutoryDays', joined(rule.days.map(nameOf))) : t('statutoryUnknown');
}

function ruleItem({ c, count }) {
  const rule = DATA.rules[c], open = [...SITES.answers[c]].every((answer) => Number(answer) === OPEN);
  const kinds = joined(rule.origin.map((kind) => wordOf(kind)));
  return h('li', {}, nameOf(rule), h('span', { class: 'sub', text: [ruleLimit(rule), statusWord(rule.status), kinds, isNobody(rule) ? '' : daysOf(rule)].filter(Boolean).join(' · ') }),
    h('span', { class: 'sub' }, apart(rule.basis.join(' · '))), h('span', { class: 'sub', text: open ? t('openEverywhere') : t('sitesN', num(count)) }));
}

function authorityBlock(entry) {
  const rules = entry.rules.map((r) => r.c), lit = state.lit !== null && state.lit.join() === rules.join();
  return h('section', { class: lit ? 'authority lit' : 'authority' },
    h('button', { type: 'button', class: 'authority-head', id: `authority-${rules.join('-')}`, 'aria-pressed': String(lit), onclick: () => update({ lit: lit ? null : rules }) },
      h('b', { text: isNobody(entry) ? t('noAuthority') : nameOf(entry.authority) }), h('span', { class: 'push' }), h('span', { text: t('sitesN', num(entry.sites.size)) })),
    h('ul', {}, ...entry.rules.map(ruleItem)));
}

export function drawInquiries(rail) {
  fill(rail, h('div', { class: 'pad' }, h('h2', { text: t('inquiryHead'), tabindex: -1 }), h('p', { class: 'sub', text: t('inquiryNote') })),
    h('div', { class: 'scroll pad' }, ...byAuthority().map(authorityBlock)));
}
