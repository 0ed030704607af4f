// The current table as CSV and the map as a picture, made in the page.
import { previews } from './choice.js';
import { DATA, LENSED, SITES, VERDICTS } from './data.js';
import { filterWords, weightWords } from './list.js';
import { widthOf } from './scene.js';
import { licenceLine } from './sources.js';
import { isExploratory, now, official, passing } from './state.js';
import { dateText, direction, nameOf, t } from './text.js';

// Characters that XML cannot hold (XML 1.0, production 2), half surrogates among them.
const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
// Height of a line beneath the picture.
const LINE = 16;
const FORMULA = /^[=+\-@\t\r\n\0]/;

/** A cell that no spreadsheet runs, quoted where it must be (RFC 4180). */
export function csvCell(value) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const inert = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(inert) ? `"${inert.replace(/"/g, '""')}"` : inert;
}

// As in the ranking of the run: provinces by their English name, and bounds as finely as the page knows them.
const provinces = new Map(DATA.context.provinces.map(({ id, en }) => [id, en]));
const bound = (value) => Number(value.toFixed(4));

export function csvText() {
  // The ranks of another park type are no official ones of the study.
  const heads = ['rank', 'official_rank', 'id', 'name_en', 'name_fa', 'kind', 'province', 'verdict', 'score', 'score_low', 'score_high', 'known', 'lon', 'lat', 'position_accuracy_km', 'weights', 'park_type'];
  const { scores } = now, weights = isExploratory() ? 'exploratory' : 'official';
  const rows = passing().map((i) => [scores.rank[i] || null, LENSED ? null : official.rank[i] || null, SITES.id[i], SITES.name_en[i], SITES.name_fa[i], SITES.kind[i], provinces.get(SITES.province[i]),
    VERDICTS[SITES.verdict[i]], scores.score[i], bound(scores.low[i]), bound(scores.high[i]), scores.known[i], SITES.lon[i], SITES.lat[i], SITES.accuracy[i], weights, DATA.type.id]);
  return `\ufeff${[heads, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
}

/** A file is of the study; of a park type that is looked through and of a filter that acts too. */
function fileName(what) {
  return [DATA.study.id, ...(LENSED ? [DATA.type.id] : []), ...(filterWords().length ? ['filtered'] : []), what].join('-');
}

function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function downloadCsv() {
  save(new Blob([csvText()], { type: 'text/csv;charset=utf-8' }), fileName('ranking.csv'));
}

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

/** The map as it stands, at twice its size, with title, date and the kind of weights. */
export async function downloadPicture(map) {
  const home = map.getContainer().getBoundingClientRect(), scale = 2, lines = footLines(home.width - 16), foot = lines.length * LINE + 10;
  const canvas = document.createElement('canvas');
  canvas.width = home.width * scale;
  canvas.height = (home.height + foot) * scale;
  const context = canvas.getContext('2d'), fonts = fontRules();
  context.scale(scale, scale);
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
  context.fillStyle = '#FFFFFF';
  context.fillRect(0, home.height, home.width, foot);
  context.fillStyle = '#1B2430';
  context.textAlign = 'center';
  context.direction = direction();
  lines.forEach(([text, size], k) => {
    context.font = `${size}px Vazirmatn`;
    context.fillText(text, home.width / 2, home.height + 17 + k * LINE);
  });
  canvas.toBlob((blob) => save(blob, fileName('map.png')));
}
