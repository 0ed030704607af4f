// Any point of the map: its class, its score and what lies near.
import { fill, h } from './base.js';
import { fact, nearest, position, section } from './card.js';
import { DATA, EXCLUDED, UNDETERMINED } from './data.js';
import { pixelOf } from './geo.js';
import { state, update } from './state.js';
import { verdictBadge } from './symbols.js';
import { isPersian, km, num, percent, t } from './text.js';

/** What the surface says at [lon, lat]; null outside the study area. */
export function answerAt(rasters, point) {
  const pixel = pixelOf(DATA.ground, point), kind = pixel === null ? 0 : rasters.classes[pixel];
  if (kind === 0) return null;
  const most = DATA.ground.palette.length - 1;
  const verdict = kind === most ? EXCLUDED : kind === most - 1 ? UNDETERMINED : 0;
  const node = pixelOf(DATA.lattice, point), red = node === null ? 255 : rasters.lattice[4 * node];
  return { verdict, score: red === 255 ? null : red / DATA.lattice.steps, known: red === 255 ? null : rasters.lattice[4 * node + 1] / 100 };
}

export function drawCell(rail, rasters) {
  const point = state.cell, answer = answerAt(rasters, point);
  const back = h('button', { type: 'button', class: 'button', id: 'back', text: `${isPersian() ? '→' : '←'} ${t('back')}`, onclick: () => update({ view: 'rank' }) });
  const figures = answer && h('div', { class: 'facts' }, fact(t('score'), answer.score === null ? '–' : num(answer.score, 2)), fact(t('known'), answer.known === null ? '–' : percent(answer.known)), fact(t('verdict'), verdictBadge(answer.verdict)));
  fill(rail, h('div', { class: 'pad' }, h('div', { class: 'row' }, back), h('h2', { id: 'card-title', tabindex: -1, text: t('cell') }),
    figures || h('p', { text: t('outside') }), figures && h('p', { class: 'sub', text: t('askNote', km(DATA.lattice.cell_m / 1000)) })),
  h('div', { class: 'scroll pad', tabindex: 0, role: 'region', 'aria-labelledby': 'card-title' }, nearest(point, 0), section('positionHead', ...position(point))));
}
