// Files for the reader: their names, and the current table as CSV.
import { DATA, LENSED, SITES, VERDICTS } from './data.js';
import { filterWords } from './list.js';
import { isExploratory, now, official, passing } from './state.js';

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
export function fileName(what) {
  return [DATA.study.id, ...(LENSED ? [DATA.type.id] : []), ...(filterWords().length ? ['filtered'] : []), what].join('-');
}

export function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function downloadCsv() {
  save(new Blob([csvText()], { type: 'text/csv;charset=utf-8' }), fileName('ranking.csv'));
}
