// Weights: six shares that always sum to a hundred; moving one scales those that are not locked.
import { byId, clamp, fill, h, keepFocus, refill, svg, wholes } from './base.js';
import { copyText } from './card.js';
import { DATA, FRAMED, TYPES } from './data.js';
import { MEMBERS, OFFICIAL_SHARES, asSliders, changeLens, groupShares, now, state, update, weightsOf } from './state.js';
import { OFFICIAL_WEIGHTS } from './score.js';
import { groupColour } from './symbols.js';
import { direction, nameOf, num, percent, t } from './text.js';

let gesture = null, openGroup = null, sheetOpen = false, waiting = null;

/** Whole shares with one set to a value and the free others scaled to keep the total. */
export function rebalance(shares, index, value, total, fixed) {
  const held = shares.reduce((sum, s, k) => sum + (fixed[k] && k !== index ? s : 0), 0);
  const free = shares.map((_, k) => k).filter((k) => k !== index && !fixed[k]);
  const set = free.length ? clamp(value, 0, total - held) : total - held;
  const base = free.map((k) => shares[k]);
  const scaled = wholes(base.some((b) => b > 0) ? base : base.map(() => 1), total - held - set);
  const result = [...shares];
  result[index] = set;
  free.forEach((k, place) => { result[k] = scaled[place]; });
  return result;
}

function begin() {
  if (!gesture) gesture = asSliders();
  state.dragging = true;
  return gesture;
}

function moveWaiting() {
  const act = waiting;
  waiting = null;
  act?.();
}

/** Act once a frame, however often a thumb reports. */
function inNextFrame(act) {
  if (!waiting) requestAnimationFrame(moveWaiting);
  waiting = act;
}

function endGesture() {
  moveWaiting();
  gesture = null;
  drawDock();
  update({ dragging: false });
}

function moveGroup(g, value) {
  const from = begin(), fixed = state.locks.map((on, k) => on || MEMBERS[k].length === 0);
  update({ preset: 'own', groups: rebalance(from.groups, g, value, 100, fixed), inner: from.inner });
}

function moveCriterion(j, value) {
  const from = begin(), members = MEMBERS[DATA.criteria[j].group], inner = [...from.inner];
  const moved = rebalance(members.map((k) => from.inner[k]), members.indexOf(j), value, 1000, members.map(() => false));
  members.forEach((k, place) => { inner[k] = moved[place]; });
  update({ preset: 'own', groups: from.groups, inner });
}

function slider(id, label, value, most, colour, act, disabled) {
  const input = h('input', {
    type: 'range', id, min: 0, max: most, step: most / 100, value, disabled, 'aria-label': label, dir: direction(),
    oninput: (event) => { const moved = Number(event.target.value); inNextFrame(() => act(moved)); }, onchange: endGesture,
    onkeydown: (event) => {
      const step = { PageUp: 5, PageDown: -5 }[event.key];
      if (!step) return;
      event.preventDefault();
      act(clamp(Number(input.value) + (step * most) / 100, 0, most));
      endGesture();
    },
  });
  input.style.setProperty('--tone', colour);
  input.style.setProperty('--done', `${(100 * value) / most}%`);
  return input;
}

function padlock(closed) {
  return svg('svg', { width: 14, height: 16, 'aria-hidden': 'true' },
    svg('path', { d: closed ? 'M4 8V5a3 3 0 0 1 6 0v3' : 'M4 8V4a3 3 0 0 1 6 -1', fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6 }),
    svg('rect', { x: 2, y: 8, width: 10, height: 7, rx: 1.2, fill: closed ? 'currentColor' : 'none', stroke: 'currentColor', 'stroke-width': 1.4 }));
}

/** A share, and below it by how many points it stands from the official one. */
function shareParts(share, was, digits) {
  const points = Number((100 * (share - was)).toFixed(digits));
  return [h('b', { text: percent(share, digits) }), points ? h('span', { class: points > 0 ? 'change up' : 'change down', text: (points > 0 ? '▲' : '▼') + num(Math.abs(points), digits) }) : null];
}

function groupControl(g) {
  const share = groupShares()[g], name = nameOf(DATA.groups[g]), locked = state.locks[g];
  const lock = h('button', {
    type: 'button', class: 'link', id: `lock-${g}`, 'aria-pressed': String(locked), title: t('lock'), 'aria-label': `${t('lock')}: ${name}`,
    onclick: () => update({ locks: state.locks.map((on, k) => (k === g ? !on : on)) }),
  }, padlock(locked));
  const open = h('button', {
    type: 'button', class: 'link', id: `open-${g}`, 'aria-expanded': String(openGroup === g), text: `▾\u00a0${num(MEMBERS[g].length)}`, title: t('criteriaN', num(MEMBERS[g].length)), 'aria-label': `${name}: ${t('criteriaN', num(MEMBERS[g].length))}`,
    onclick: () => {
      openGroup = openGroup === g ? null : g;
      drawDock();
      // On a phone the weights scroll, and the panel stands at their head.
      document.querySelector('.sub-panel')?.scrollIntoView({ block: 'nearest' });
    },
  });
  return h('div', { class: 'weight' },
    h('div', { class: 'row' }, h('label', { for: `weight-${g}`, text: name }), h('span', { class: 'share' }, ...shareParts(share, OFFICIAL_SHARES[g], 0))),
    slider(`weight-${g}`, `${t('weight')}: ${name}`, Math.round(share * 100), 100, groupColour(g), (value) => moveGroup(g, value), locked),
    h('div', { class: 'row sub' }, h('span', { text: t('officialShare', percent(OFFICIAL_SHARES[g])) }), h('span', { class: 'push' }), lock, open));
}

function criterionControl(j) {
  const criterion = DATA.criteria[j], within = asSliders().inner[j];
  return h('div', { class: 'weight' },
    h('div', { class: 'row' }, h('label', { for: `criterion-${j}`, text: nameOf(criterion) }), h('span', { class: 'share' }, ...shareParts(now.scores.shares[j], OFFICIAL_WEIGHTS[j], 1))),
    slider(`criterion-${j}`, `${t('weight')}: ${nameOf(criterion)}`, within, 1000, groupColour(criterion.group), (value) => moveCriterion(j, value), false),
    h('div', { class: 'sub', text: t('officialShare', percent(OFFICIAL_WEIGHTS[j], 1)) }));
}

/** The weights as a person would write them in a criteria file that extends this one. */
export function asYaml() {
  const weights = weightsOf(state), lines = ['weights: relative', 'groups:'];
  const shares = MEMBERS.map((m) => m.reduce((sum, j) => sum + weights[j], 0));
  DATA.groups.forEach((group, g) => lines.push(`  ${group.id}: {weight: ${shares[g].toFixed(6)}}`));
  lines.push('criteria:');
  DATA.criteria.forEach((c, j) => lines.push(`  ${c.id}: {weight: ${(shares[c.group] ? weights[j] / shares[c.group] : 0).toFixed(6)}}`));
  return [`extends: ${DATA.type.id}`, `id: ${DATA.type.id}_meeting`, ...lines, ''].join('\n');
}

function presets() {
  const select = h('select', { id: 'preset', onchange: (event) => update({ preset: event.target.value, groups: null, inner: null }) },
    ...['official', 'equal'].map((key) => h('option', { value: key, text: `${t('preset')}: ${t(key)}`, selected: state.preset === key })),
    ...DATA.members.map(({ name }, k) => h('option', { value: `m${k}`, text: t('presetOf', name), selected: state.preset === `m${k}` })),
    state.preset === 'own' ? h('option', { value: 'own', text: `${t('preset')}: ${t('own')}`, selected: true, disabled: true }) : null);
  return h('label', {}, h('span', { class: 'unseen', text: t('preset') }), select);
}

/** Whose criteria judge the sites: those of the study, or of another park type. */
function lenses() {
  if (FRAMED || TYPES.length < 2) return null;
  const select = h('select', { id: 'lens', onchange: (event) => changeLens(event.target.value) },
    ...TYPES.map((type, k) => h('option', { value: k ? type.id : '', text: nameOf(type), selected: type.id === DATA.type.id })));
  return h('label', {}, h('span', { class: 'unseen', text: t('lens') }), select);
}

function bar() {
  const button = (key, act, id) => h('button', { type: 'button', class: 'button', id, text: t(key), onclick: act });
  const all = state.locks.every(Boolean);
  return h('div', { class: 'row dock-bar' }, h('h2', { text: t('whatIf') }), lenses(), presets(),
    h('span', { class: 'push' }),
    button(all ? 'unlockAll' : 'lockAll', () => update({ locks: state.locks.map(() => !all) }), 'lock-all'),
    button('reset', () => update({ preset: 'official', groups: null, inner: null, locks: state.locks.map(() => false) }), 'reset'),
    button('copyYaml', (event) => copyText(event.target, asYaml()), 'copy-yaml'),
    button('copyLink', (event) => copyText(event.target, window.location.href), 'copy-link'),
    h('button', { type: 'button', class: 'button phone-only', id: 'dock-toggle', 'aria-expanded': String(sheetOpen), text: t(sheetOpen ? 'close' : 'openPanel'), onclick: () => { sheetOpen = !sheetOpen; drawDock(); } }));
}

export function drawDock() {
  keepFocus(byId('dock'), fillDock);
}

function fillDock() {
  const dock = byId('dock');
  dock.dir = direction();
  dock.setAttribute('aria-label', t('weights'));
  dock.classList.toggle('open', sheetOpen);
  const groups = DATA.groups.map((_, g) => g).filter((g) => MEMBERS[g].length);
  const panel = openGroup === null ? null : h('div', { class: 'sub-panel', role: 'group', 'aria-label': nameOf(DATA.groups[openGroup]) }, ...MEMBERS[openGroup].map(criterionControl));
  fill(dock, panel, bar(), h('div', { class: 'weights', style: { '--columns': String(groups.length) } }, ...groups.map(groupControl)));
}

/** While a thumb is being moved only figures and tracks change, so that the thumb is not lost. */
export function refreshDock() {
  if (!gesture) {
    drawDock();
    return;
  }
  const set = (id, value, most, parts) => {
    const input = byId(id);
    if (!input) return;
    if (document.activeElement !== input) input.value = value;
    input.style.setProperty('--done', `${(100 * value) / most}%`);
    refill(input.closest('.weight').querySelector('.share'), ...parts());
  };
  const shares = groupShares(), inner = state.inner;
  shares.forEach((share, g) => set(`weight-${g}`, Math.round(share * 100), 100, () => shareParts(share, OFFICIAL_SHARES[g], 0)));
  inner.forEach((value, j) => set(`criterion-${j}`, value, 1000, () => shareParts(now.scores.shares[j], OFFICIAL_WEIGHTS[j], 1)));
}
