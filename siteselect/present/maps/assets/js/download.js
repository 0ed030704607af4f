// The current table as CSV and the map as a picture, made in the page.
import { DATA, SITES, VERDICTS } from './data.js';
import { licenceLine } from './sources.js';
import { isExploratory, now, official, passing } from './state.js';
import { dateText, t } from './text.js';

// Characters that XML cannot hold (XML 1.0, production 2), half surrogates among them.
const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
const FORMULA = /^[=+\-@\t\r\n\0]/;

/** A cell that no spreadsheet runs, quoted where it must be (RFC 4180). */
export function csvCell(value) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const inert = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(inert) ? `"${inert.replace(/"/g, '""')}"` : inert;
}

export function csvText() {
  const heads = ['rank', 'official_rank', 'id', 'name_en', 'name_fa', 'kind', 'province', 'verdict', 'score', 'score_low', 'score_high', 'known', 'lon', 'lat', 'position_accuracy_km', 'weights'];
  const { scores } = now, weights = isExploratory() ? 'exploratory' : 'official';
  const rows = passing().map((i) => [scores.rank[i] || null, official.rank[i] || null, SITES.id[i], SITES.name_en[i], SITES.name_fa[i], SITES.kind[i], SITES.province[i],
    VERDICTS[SITES.verdict[i]], scores.score[i], scores.low[i], scores.high[i], scores.known[i], SITES.lon[i], SITES.lat[i], SITES.accuracy[i], weights]);
  return `\ufeff${[heads, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
}

function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function downloadCsv() {
  save(new Blob([csvText()], { type: 'text/csv;charset=utf-8' }), `${DATA.study.id}-ranking.csv`);
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

/** The map as it stands, at twice its size, with title, date and the kind of weights. */
export async function downloadPicture(map) {
  const home = map.getContainer().getBoundingClientRect(), scale = 2, foot = 42;
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
    if (layer instanceof HTMLCanvasElement) context.drawImage(layer, at.left, at.top, box.width, box.height);
    else await drawSvg(context, layer, at, box, fonts);
  }
  context.fillStyle = '#FFFFFF';
  context.fillRect(0, home.height, home.width, foot);
  context.fillStyle = '#1B2430';
  context.font = '12px Vazirmatn';
  context.textAlign = 'center';
  const said = [document.title, DATA.run.date ? dateText(DATA.run.date) : '', t(isExploratory() ? 'exploratoryShort' : 'officialWeights')];
  context.fillText(said.filter(Boolean).join(' · '), home.width / 2, home.height + 17);
  context.font = '10px Vazirmatn';
  context.fillText(licenceLine().map(([names, licence]) => `${names} (\u2066${licence}\u2069)`).join(' · '), home.width / 2, home.height + 34, home.width - 16);
  canvas.toBlob((blob) => save(blob, `${DATA.study.id}-map.png`));
}
