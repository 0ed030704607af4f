// What lies under the pointer, in a word: a site's name, rank and score, or the class of the ground.
import { fill, h } from './base.js';
import { answerAt } from './ask.js';
import { EXCLUDED, SITES, VERDICTS } from './data.js';
import { classText } from './legend.js';
import { now, state } from './state.js';
import { direction, num, siteName, t } from './text.js';

function siteLine(i) {
  const rank = now.scores.rank[i], score = now.scores.score[i];
  const figures = [rank ? `${t('rank')} ${num(rank)}` : t(SITES.verdict[i] === EXCLUDED ? 'excluded' : 'tooLittle'), score === null ? '' : num(score, 3)].filter(Boolean).join(' · ');
  return [h('b', {}, h('bdi', { text: siteName(i) })), h('span', { class: 'sub', text: figures })];
}

function groundLine(answer) {
  if (answer.verdict !== 0) return [h('span', { text: t(VERDICTS[answer.verdict]) })];
  const live = answer.told !== null && answer.told.score !== null && state.preset !== 'official';
  return [h('span', { text: `${t('score')} ${live ? num(answer.told.score, 2) : classText(answer.scoreClass)}` })];
}

/** Show a tip at the pointer of a mouse; a finger has none. */
export function listenForTip(map, siteAt, rasters) {
  const box = h('div', { id: 'tip', hidden: true, 'aria-hidden': 'true' });
  map.getContainer().append(box);
  const show = (event) => {
    // What lies over the map hides what is under it.
    if (event.originalEvent.target.closest('.keep-out')) {
      box.hidden = true;
      return;
    }
    const site = siteAt(event), answer = site === null && state.layers.surface ? answerAt(rasters, [event.latlng.lng, event.latlng.lat]) : null;
    box.hidden = site === null && answer === null;
    if (box.hidden) return;
    box.dir = direction();
    fill(box, ...(site === null ? groundLine(answer) : siteLine(site)));
    const { x, y } = event.containerPoint, size = map.getSize();
    box.style.left = `${Math.min(x + 14, size.x - box.offsetWidth - 4)}px`;
    box.style.top = `${y + 34 + box.offsetHeight > size.y ? y - box.offsetHeight - 10 : y + 18}px`;
  };
  map.on('mousemove', show);
  map.on('mouseout movestart', () => { box.hidden = true; });
}
