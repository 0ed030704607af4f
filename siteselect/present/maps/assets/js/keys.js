// Keys: single letters act only outside inputs, and can be switched off.
import { byId } from './base.js';
import { neighbours } from './card.js';
import { PARKS } from './data.js';
import { addPoint, toggleMeasure } from './measure.js';
import { state, toggleCompare, update } from './state.js';

function step(which) {
  if (state.view !== 'site') return;
  const other = neighbours(state.site)[which];
  if (other !== null) update({ site: other });
}

function back(map, help) {
  if (byId('help')) help();
  else if (state.measuring) toggleMeasure(map);
  else if (['site', 'cell'].includes(state.view)) update({ view: state.list });
  else if (state.preview) update({ preview: null });
  else if (state.view !== 'rank') update({ view: 'rank' });
}

const BY_PLACE = { __proto__: null, BracketLeft: '[', BracketRight: ']', Slash: '/', Equal: '=', Minus: '-', Digit0: '0', Numpad0: '0' };

/** What a key is called here: on a keyboard of another script, by where it lies. */
function calledKey({ key, code }) {
  if (key === '؟') return '?';
  if (key.length > 1 || key < '\u0080') return key;
  return /^Key[A-Z]$/.test(code) ? code[3].toLowerCase() : BY_PLACE[code] ?? key;
}

/** Without a mouse the middle of the map is what is pointed at. */
function actAtCentre(map) {
  const { lng, lat } = map.getCenter();
  if (state.measuring) addPoint(map, [lng, lat]);
  else update({ view: 'cell', cell: [lng, lat] });
}

export function listenToKeys(map, home, help) {
  const acts = {
    '/': () => { update({ view: 'rank' }); byId('search').focus(); },
    c: () => (state.view === 'site' ? toggleCompare(state.site) : update({ view: 'compare' })),
    w: () => byId('dock').querySelector('input[type=range]:not(:disabled)')?.focus(),
    i: () => update({ view: 'inquiries' }),
    p: () => { if (PARKS) update({ view: 'parks' }); },
    l: () => update({ lang: state.lang === 'fa' ? 'en' : 'fa' }),
    '[': () => step('previous'), ']': () => step('next'),
    '+': () => map.zoomIn(), '=': () => map.zoomIn(), '-': () => map.zoomOut(), 0: home, '?': help,
  };
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') back(map, help);
    if (event.key === 'Enter' && event.target === map.getContainer()) actAtCentre(map);
    const typing = event.target.closest('input, select, textarea'), key = calledKey(event);
    if (typing || !state.keysOn || event.ctrlKey || event.metaKey || event.altKey || !acts[key]) return;
    event.preventDefault();
    // Leaflet moves the map by the same keys while it has the focus.
    event.stopPropagation();
    acts[key]();
  }, true);
}
