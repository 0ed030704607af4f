// Any point of the map: its verdict, its score under the present weights, and what lies near.
import { fill, h } from './base.js';
import { answers, backText, fact, nearest, position, section } from './card.js';
import { DATA, EXCLUDED, UNDETERMINED } from './data.js';
import { pixelOf } from './geo.js';
import { classText } from './legend.js';
import { strip } from './list.js';
import { nodeAt, rulesAt } from './live.js';
import { now, state, update } from './state.js';
import { verdictBadge } from './symbols.js';
import { km, num, percent, t } from './text.js';
import { waterfall } from './waterfall.js';

/** What the surface says at [lon, lat]; null outside the study area. */
export function answerAt(rasters, point) {
  const pixel = pixelOf(DATA.ground, point), kind = pixel === null ? 0 : rasters.classes[pixel];
  if (kind === 0) return null;
  const most = DATA.ground.palette.length - 1;
  const verdict = kind === most ? EXCLUDED : kind === most - 1 ? UNDETERMINED : 0;
  return { verdict, scoreClass: verdict === 0 ? kind - 1 : null, told: nodeAt(rasters.lattice, point, now.scores.shares), rules: rulesAt(rasters.lattice, point) };
}

function figures({ verdict, told }) {
  return h('div', { class: 'facts' }, told && fact(t('score'), told.score === null ? '–' : num(told.score, 2)),
    told && fact(t('known'), percent(told.known)), fact(t('verdict'), verdictBadge(verdict)));
}

function note({ scoreClass, told }) {
  if (told) return t('contributionsHere', km(DATA.lattice.cell_m / 1000));
  return scoreClass === null ? '' : t('classOnly', classText(scoreClass));
}

export function drawCell(rail, rasters) {
  const point = state.cell, answer = answerAt(rasters, point);
  const back = h('button', { type: 'button', class: 'button', id: 'back', text: backText(), onclick: () => update({ view: state.list }) });
  fill(rail, h('div', { class: 'pad' }, h('div', { class: 'row' }, back), h('h2', { id: 'card-title', tabindex: -1, text: t('cell') }),
    answer ? figures(answer) : h('p', { text: t('outside') }), answer && h('p', { class: 'sub', text: note(answer) })), strip(),
  h('div', { class: 'scroll pad', tabindex: 0, role: 'region', 'aria-labelledby': 'card-title' },
    answer?.told && answer.told.score !== null ? section('why', waterfall(answer.told)) : null, answer?.rules ? section('answers', h('p', { class: 'sub', text: t('answersHere', km(DATA.lattice.cell_m / 1000)) }), answers(answer.rules, null)) : null, nearest(point, 0), section('positionHead', ...position(point))));
}
