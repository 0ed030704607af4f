// Keys: single letters act only outside inputs, and can be switched off.
import { byId } from './base.js';
import { neighbours, toggleCompare } from './card.js';
import { toggleMeasure } from './measure.js';
import { state, update } from './state.js';

function step(which) {
  if (state.view !== 'site') return;
  const other = neighbours(state.site)[which];
  if (other !== null) update({ site: other });
}

export function listenToKeys(map, home, help) {
  const acts = {
    '/': () => { update({ view: 'rank' }); byId('search').focus(); },
    c: () => (state.view === 'site' ? toggleCompare(state.site) : update({ view: 'compare' })),
    w: () => byId('dock').querySelector('input[type=range]')?.focus(),
    i: () => update({ view: 'inquiries' }),
    l: () => update({ lang: state.lang === 'fa' ? 'en' : 'fa' }),
    '[': () => step('previous'), ']': () => step('next'),
    '+': () => map.zoomIn(), '=': () => map.zoomIn(), '-': () => map.zoomOut(), 0: home, '?': help,
  };
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      if (byId('help')) help();
      else if (state.measuring) toggleMeasure(map);
      else if (state.view !== 'rank') update({ view: 'rank', lit: null });
      return;
    }
    const typing = event.target.closest('input, select, textarea');
    if (typing || !state.keysOn || event.ctrlKey || event.metaKey || event.altKey || !acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });
}
