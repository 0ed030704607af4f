// The value chain: who feeds the parks as bands and as a table, and what is still sold raw.
import { apart, fill, h, svg } from './base.js';
import { section } from './card.js';
import { PARKS } from './data.js';
import { CHAIN, typeColour, typeOf } from './flows.js';
import { update } from './state.js';
import { isPersian, nameOf, num, siteName, t } from './text.js';

const WIDTH = 368, STEP = 19, LEFT = 148, RIGHT = 246, NODE = 6;

/** What each park type takes, by where it is from: [start, type, kt/y], the largest first. */
function bands() {
  const sums = new Map();
  const add = (start, site, ktY) => {
    const key = `${start}|${typeOf.get(site)}`;
    sums.set(key, (sums.get(key) ?? 0) + ktY);
  };
  for (const [material, origin, site, ktY] of CHAIN.flows) add(origin >= 0 ? `m${material}` : `p${material}`, site, ktY);
  for (const [, site, ktY] of CHAIN.outside) add('out', site, ktY);
  return [...sums].map(([key, ktY]) => { const [start, type] = key.split('|'); return [start, Number(type), ktY]; });
}

function startName(start) {
  if (start === 'out') return t('fromOutside');
  // A name with its letters in brackets is known by them, and room is short.
  const whole = nameOf(CHAIN.materials[Number(start.slice(1))]), name = /\(([A-Z]{2,6})\)$/.exec(whole)?.[1] ?? whole;
  return start[0] === 'p' ? t('ofParks', name) : name;
}

/** Nodes from the top down with room to read: key → { top, size, total }. */
function stack(links, at, height) {
  const totals = new Map();
  for (const link of links) totals.set(link[at], (totals.get(link[at]) ?? 0) + link[2]);
  const keys = [...totals.keys()].sort((a, b) => (a === 'out') - (b === 'out') || totals.get(b) - totals.get(a));
  const whole = [...totals.values()].reduce((a, b) => a + b, 0), room = height - 4 * (keys.length - 1);
  const slots = keys.map((key) => Math.max((totals.get(key) / whole) * room, STEP - 5)), scale = room / slots.reduce((a, b) => a + b, 0);
  let top = 0;
  return new Map(keys.map((key, k) => {
    const node = { top, size: slots[k] * scale, total: totals.get(key) };
    top += node.size + 4;
    return [key, node];
  }));
}

function sankey() {
  const links = bands(), starts = new Set(links.map(([start]) => start)), height = Math.max(starts.size * (STEP + 3), 240);
  const left = stack(links, 0, height), right = stack(links, 1, height);
  const per = Math.min(...[...left.values(), ...right.values()].map((node) => node.size / node.total));
  const side = (x) => (isPersian() ? WIDTH - x : x);
  const cursor = (nodes) => new Map([...nodes].map(([key, node]) => [key, node.top + (node.size - node.total * per) / 2]));
  const from = cursor(left), to = cursor(right), order = [...left.keys()], then = [...right.keys()];
  const sorted = [...links].sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]) || then.indexOf(a[1]) - then.indexOf(b[1]));
  const paths = sorted.map(([start, type, ktY]) => {
    const width = ktY * per, a = from.get(start), b = to.get(type), x0 = side(LEFT + NODE), x1 = side(RIGHT - NODE), mid = (x0 + x1) / 2;
    from.set(start, a + width);
    to.set(type, b + width);
    return svg('path', { d: `M${x0} ${a}C${mid} ${a} ${mid} ${b} ${x1} ${b}V${b + width}C${mid} ${b + width} ${mid} ${a + width} ${x0} ${a + width}Z`, fill: typeColour(type), opacity: 0.6 });
  });
  // In an svg that is read from the left, a Persian label still begins at its own side.
  const outward = isPersian() ? ['start', 'end'] : ['end', 'start'];
  const node = (x, { top, size, total }, text, first, fill = '#5B6675') => [
    svg('rect', { x: Math.min(side(x), side(x + NODE)), y: top, width: NODE, height: size, fill }),
    svg('text', { x: side(first ? x - 5 : x + NODE + 5), y: top + size / 2 + 3.5, 'font-size': 10.5, 'text-anchor': outward[first ? 0 : 1], fill: '#1B2430', text: `${text} ${num(total)}` }),
  ];
  return svg('svg', { viewBox: `0 0 ${WIDTH} ${height}`, class: 'sankey', 'aria-hidden': 'true', direction: 'ltr' }, ...paths,
    ...[...left].flatMap(([start, place]) => node(LEFT, place, startName(start), true)),
    ...[...right].flatMap(([type, place]) => node(RIGHT - NODE, place, shortType(type), false, typeColour(type))));
}

/** The name of a type without the word that all of them share. */
function shortType(k) {
  const name = nameOf(PARKS.types[k]);
  return isPersian() ? name.replace(/^پارک /, '') : name.replace(/ park$/, '');
}

function balanceTable() {
  const columns = ['available', 'parksDraw', 'rawWith', 'rawWithout'];
  const row = (b) => h('tr', {}, h('th', { scope: 'row' }, apart(nameOf(CHAIN.materials[b.material])), b.recalled ? h('span', { class: 'sub', text: ` ${t('recalled')}` }) : null),
    ...[b.available, b.parks, b.raw, b.without].map((value) => h('td', { class: 'figure', text: num(value) })));
  return h('table', { class: 'plain balance', 'aria-label': t('balanceHead') },
    h('thead', {}, h('tr', {}, h('th', { scope: 'col', text: t('material') }), ...columns.map((key) => h('th', { scope: 'col', text: t(key) })))),
    h('tbody', {}, ...CHAIN.balance.map(row)));
}

/** What the region lacks and could make, best first: a product, how calm its price is, and where. */
function openings() {
  const byProduct = new Map();
  for (const row of CHAIN.openings) byProduct.set(row[0], [...(byProduct.get(row[0]) ?? []), row]);
  const place = ([, site, , times, near, all]) => h('li', {}, h('button', { type: 'button', class: 'link name', onclick: () => update({ view: 'site', site }) }, apart(siteName(site))),
    h('span', { class: 'sub', text: ` ${t('openingHere', num(times, 0), num(near), num(all))}` }));
  const product = ([material, rows]) => h('li', {}, h('details', {}, h('summary', {}, apart(nameOf(CHAIN.materials[material])),
    h('span', { class: 'sub', text: ` ${t(`calm${rows[0][2]}`)}${rows.some((row) => row[6]) ? ` · ${t('recalled')}` : ''}` })), h('ul', {}, ...rows.map(place))));
  return h('ol', { class: 'openings' }, ...[...byProduct].map(product));
}

export function drawChain(rail) {
  const picks = PARKS.picks.map((pick) => pick.site);
  const link = (i) => h('li', {}, h('button', { type: 'button', class: 'link name', onclick: () => update({ view: 'site', site: i, list: 'parks' }) }, apart(siteName(i))), h('span', { class: 'sub', text: ` ${shortType(typeOf.get(i))}` }));
  fill(rail, h('div', { class: 'pad' }, h('h2', { text: t('chain'), tabindex: -1 }), h('p', { class: 'sub', text: t('chainNote', num(CHAIN.haulage, 1)) })),
    h('div', { class: 'scroll pad', tabindex: 0, role: 'region', 'aria-label': t('chain') },
      h('figure', {}, sankey()), section('balanceHead', h('p', { class: 'sub', text: t('balanceNote') }), balanceTable()),
      section('notesHead', h('ul', {}, ...CHAIN.told.map((line) => h('li', { text: nameOf(line) })))),
      CHAIN.openings.length ? section('openingsHead', h('p', { class: 'sub', text: t('openingsNote') }), openings()) : null,
      section('parksFed', h('ul', { class: 'joining' }, ...picks.map(link)))));
}
