// The map as a picture for a report: as it stands, with scale, legend and what it shows beneath.
import { byId } from './base.js';
import { previews } from './choice.js';
import { DATA } from './data.js';
import { fileName, save } from './download.js';
import { legendParts } from './legend.js';
import { filterWords, weightWords } from './list.js';
import { widthOf } from './scene.js';
import { licenceLine } from './sources.js';
import { dateText, direction, nameOf, t } from './text.js';

// Characters that XML cannot hold (XML 1.0, production 2), half surrogates among them.
const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
// Height of a line beneath the picture.
const LINE = 16;
// A row of the legend: its height, the width of its swatch, and the room between two columns.
const KEY = { height: 18, swatch: 34, gap: 18, size: 11 };

function fontRules() {
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  return rules.filter((rule) => rule instanceof CSSFontFaceRule).map((rule) => rule.cssText).join('');
}

async function drawSvg(context, element, at, size, fonts) {
  const copy = element.cloneNode(true), style = document.createElementNS('http://www.w3.org/2000/svg', 'style');
  style.textContent = `${fonts} text{font-family:Vazirmatn}`;
  copy.prepend(style);
  // Where it lies on the page is told by `at`; the copy must not be moved once more.
  copy.removeAttribute('style');
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const image = new Image();
  const drawn = new XMLSerializer().serializeToString(copy).replace(NOT_XML, '');
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawn)}`;
  await image.decode();
  context.drawImage(image, at.left, at.top, size.width, size.height);
}

/** What stands beneath the picture, line by line as [text, size]: what it shows and whose data, at a size to be read. */
function footLines(width) {
  const shown = [document.title, nameOf(DATA.type), DATA.run.date ? dateText(DATA.run.date) : '', weightWords(),
    previews() ? t('previewHead') : '', ...filterWords()];
  // A licence is not broken, for its parts would be set the other way round.
  const owed = licenceLine().map(([names, licence]) => `${names} (\u2066${licence.replaceAll(' ', '\u00a0')}\u2069)`);
  return [[shown.filter(Boolean).join(' · '), 12], [owed.join(' · '), 10]].flatMap(([text, size]) => wrapped(text, size, width).map((line) => [line, size]));
}

function wrapped(text, size, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (widthOf(longer, size, false) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** The legend in columns: its entries, how wide a column and how many rows. */
function keyTable(width) {
  const entries = legendParts('picture').flatMap((part) => [...part.children]).map((row) => ({ picture: row.querySelector('svg'), text: row.textContent }));
  const wide = KEY.swatch + KEY.gap + Math.max(...entries.map(({ picture, text }) => widthOf(text, KEY.size, !picture)));
  const columns = Math.max(1, Math.floor((width - 16) / wide));
  return { entries, wide, rows: Math.ceil(entries.length / columns) };
}

async function drawKeys(context, { entries, wide, rows }, width, top, fonts) {
  const mirrored = direction() === 'rtl';
  context.textAlign = 'start';
  for (const [k, { picture, text }] of entries.entries()) {
    const from = 8 + Math.floor(k / rows) * wide, y = top + (k % rows) * KEY.height;
    const at = (inset) => (mirrored ? width - from - inset : from + inset);
    context.font = `${picture ? 400 : 700} ${KEY.size}px Vazirmatn`;
    context.fillText(text, at(picture ? KEY.swatch : 0), y + 12);
    if (picture) await drawSvg(context, picture, { left: mirrored ? at(26) : at(0), top: y }, { width: 26, height: 16 }, fonts);
  }
}

async function drawScale(context, home, fonts) {
  const bar = byId('scale').querySelector('svg'), box = bar.getBoundingClientRect(), at = { left: box.left - home.left, top: box.top - home.top };
  context.fillStyle = 'rgba(255, 255, 255, 0.8)';
  context.fillRect(at.left, at.top, box.width, box.height);
  await drawSvg(context, bar, at, box, fonts);
}

async function drawMap(context, map, home, fonts) {
  context.fillStyle = '#D9E7EF';
  context.fillRect(0, 0, home.width, home.height);
  const height = (layer) => Number(getComputedStyle(layer.closest('.leaflet-pane')).zIndex);
  const layers = [...map.getContainer().querySelectorAll('.leaflet-map-pane svg, .leaflet-map-pane canvas')];
  for (const layer of layers.sort((a, b) => height(a) - height(b))) {
    const box = layer.getBoundingClientRect(), at = { left: box.left - home.left, top: box.top - home.top };
    context.globalAlpha = Number(getComputedStyle(layer).opacity);
    if (layer instanceof HTMLCanvasElement) context.drawImage(layer, at.left, at.top, box.width, box.height);
    else await drawSvg(context, layer, at, box, fonts);
  }
  context.globalAlpha = 1;
}

/** The map as it stands, at twice its size, with scale and legend, title, date and the kind of weights. */
export async function downloadPicture(map) {
  const home = map.getContainer().getBoundingClientRect(), scale = 2, fonts = fontRules();
  const lines = footLines(home.width - 16), keys = keyTable(home.width);
  const head = home.height + 10 + keys.rows * KEY.height, whole = head + lines.length * LINE + 10;
  const canvas = document.createElement('canvas');
  canvas.width = home.width * scale;
  canvas.height = whole * scale;
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  await drawMap(context, map, home, fonts);
  await drawScale(context, home, fonts);
  context.fillStyle = '#FFFFFF';
  context.fillRect(0, home.height, home.width, whole - home.height);
  context.fillStyle = '#1B2430';
  context.direction = direction();
  await drawKeys(context, keys, home.width, home.height + 8, fonts);
  context.textAlign = 'center';
  lines.forEach(([text, size], k) => {
    context.font = `${size}px Vazirmatn`;
    context.fillText(text, home.width / 2, head + 17 + k * LINE);
  });
  canvas.toBlob((blob) => save(blob, fileName('map.png')));
}
