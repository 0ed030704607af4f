// The rail beside the map: the view that is chosen, where it was read last.
import { drawCell } from './ask.js';
import { byId, keepFocus } from './base.js';
import { drawCard } from './card.js';
import { drawChain } from './chain.js';
import { drawInquiries } from './inquiries.js';
import { drawList } from './list.js';
import { drawParks } from './parks.js';
import { drawSources } from './sources.js';
import { state } from './state.js';
import { direction, t } from './text.js';

const rail = byId('rail');
// What the rail shows, and how far down each view was read.
const read = { view: '', shown: '', tops: {} };

function fillRail(rasters) {
  rail.dir = direction();
  rail.setAttribute('aria-label', t(state.view === 'rank' ? 'ranking' : 'details'));
  keepFocus(rail, () => {
    if (state.view === 'site') drawCard(rail);
    else if (state.view === 'parks') drawParks(rail);
    else if (state.view === 'chain') drawChain(rail);
    else if (state.view === 'cell') drawCell(rail, rasters);
    else if (state.view === 'inquiries') drawInquiries(rail);
    else if (state.view === 'data') drawSources(rail);
    else drawList(rail);
  });
}

const levelOf = (element) => element.getBoundingClientRect().top;

/** Back in a list, the row of the site whose card was open has the focus. */
function focusRow(site) {
  const row = rail.querySelector(`[data-row="${site}"]`);
  (row?.matches('[tabindex]') ? row : row?.querySelector('.name'))?.focus();
}

/** Draw the rail where it was read last; a card of another site or point begins at its head. */
export function drawRail(rasters) {
  const { view, site, cell } = state, card = { site, cell }[view], shown = `${view} ${card ?? ''}`, before = read.view;
  const held = document.activeElement, level = levelOf(held), box = () => rail.querySelector('.scroll');
  read.tops[before] = box()?.scrollTop ?? 0;
  fillRail(rasters);
  box().scrollTop = card === undefined || shown === read.shown ? read.tops[view] ?? 0 : 0;
  // What was pressed stays under the pointer, whatever has come in above it.
  const again = document.activeElement;
  if (shown === read.shown && held.id && again.id === held.id && box().contains(again)) box().scrollTop += levelOf(again) - level;
  Object.assign(read, { view, shown });
  if (before === 'site' && view === state.list && again === document.body) focusRow(site);
}
