// What the page rests on: run, warnings, open rules, layers with licence and accuracy.
import { apart, byId, fill, h } from './base.js';
import { CREDIT } from './basemap.js';
import { section } from './card.js';
import { DATA, OPEN, SITES } from './data.js';
import { state } from './state.js';
import { dateText, direction, joined, km, nameOf, statusWord, t, wordOf } from './text.js';

function sourceBlock(source) {
  const facts = [[t('licence'), source.licence], [t('date'), source.date], [t('accuracy'), source.accuracy > 0 ? km(source.accuracy) : '–']];
  return h('section', { class: 'source' }, h('h4', { text: nameOf(source) }),
    ...facts.map(([label, text]) => h('div', { class: 'sub' }, `${label}: `, apart(text))),
    h('div', { class: 'sub', text: `${wordOf(source.origin)} · ${t(source.coverage === 'complete' ? 'coverageComplete' : 'coveragePartial')}` }),
    h('p', { dir: 'ltr', class: 'sub', text: source.attribution }), h('p', { dir: 'ltr', class: 'sub', text: source.quality }));
}

/** A warning of the run, in the words of the page where the run has them. */
function warning(said) {
  return h('li', said.fa ? { text: nameOf(said) } : { text: said.en, dir: 'ltr', lang: 'en' });
}

export function openRules() {
  return DATA.rules.filter((_, c) => SITES.answers[c].length > 0 && [...SITES.answers[c]].every((a) => Number(a) === OPEN));
}

export function drawSources(rail) {
  const { run } = DATA;
  const facts = [run.date ? dateText(run.date) : '', run.id, run.version && `siteselect ${run.version}`, run.command].filter(Boolean);
  const open = openRules();
  fill(rail, h('div', { class: 'pad' }, h('h2', { text: t('data'), tabindex: -1 })), h('div', { class: 'scroll pad', tabindex: 0, role: 'region', 'aria-label': t('data') },
    section('run', ...facts.map((text) => h('p', {}, apart(text)))),
    DATA.warnings.length ? section('warnings', h('ul', {}, ...DATA.warnings.map(warning))) : null,
    open.length ? section('openRules', h('ul', {}, ...open.map((rule) => h('li', { text: `${nameOf(rule)} · ${statusWord(rule.status)}` })))) : null,
    section('licences', ...DATA.sources.map(sourceBlock))));
}

/** Names and licences of the layers that are drawn, one short line. */
export function licenceLine() {
  const byLicence = new Map();
  for (const source of DATA.sources) byLicence.set(source.licence, [...(byLicence.get(source.licence) ?? []), nameOf(source)]);
  return [...[...byLicence].map(([licence, names]) => [joined(names), licence]), ...(state.layers.base ? [CREDIT] : [])];
}

export function drawAttribution() {
  const box = byId('attribution');
  box.dir = direction();
  const parts = licenceLine().flatMap(([names, licence]) => [' · ', h('span', {}, `${names} (`, apart(licence), ')')]);
  fill(box, h('bdi', { dir: 'ltr', text: 'Leaflet 1.9.4' }), ...parts);
  box.title = box.textContent;
}
