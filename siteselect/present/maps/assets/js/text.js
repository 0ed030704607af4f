// Text in the language of the page: words, numbers, dates, names.
import { DATA, SITES } from './data.js';
import { WORDS } from './words.js';

const PERSIAN_DIGITS = '۰۱۲۳۴۵۶۷۸۹';
const voice = { language: 'fa' };

export function setLanguage(language) {
  voice.language = language;
}

export function isPersian() {
  return voice.language === 'fa';
}

export function direction() {
  return isPersian() ? 'rtl' : 'ltr';
}

/** A word of the page, with {0}, {1} ... replaced. */
export function t(key, ...parts) {
  const pattern = WORDS[key][isPersian() ? 1 : 0];
  return pattern.replace(/\{(\d)\}/g, (_, i) => parts[Number(i)]);
}

const formatters = new Map();

function formatter(digits) {
  const locale = isPersian() ? 'fa-IR' : 'en-GB', key = `${locale} ${digits}`;
  // Making one takes longer than a hundred uses of it.
  if (!formatters.has(key)) formatters.set(key, new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  return formatters.get(key);
}

export function num(value, digits = 0) {
  if (value === null || value === undefined) return t('unknown');
  return formatter(digits).format(value);
}

/** A share as a whole percentage. */
export function percent(share, digits = 0) {
  return num(share * 100, digits) + (isPersian() ? '٪' : '%');
}

export function km(value) {
  return t('km', num(value, value < 10 && value % 1 !== 0 ? 1 : 0));
}

/** "low to high": never a dash in Persian. */
export function range(low, high) {
  return isPersian() ? `${low} تا ${high}` : `${low}–${high}`;
}

const UNIT_WORDS = { __proto__: null, km: 'km', ha: 'ha', deg: 'deg', m: 'metres', people: 'people', 'kt/y': 'ktY', class: 'classN', estates: 'estatesN', events: 'eventsN' };

/** Whether a text of the Persian page is in Latin letters alone, and so reads from the left. */
export function isForeign(text) {
  return isPersian() && /[A-Za-z]/.test(text) && !/\p{Script=Arabic}/u.test(text.replace(/[\u06f0-\u06f9]/g, ''));
}

/** Names one after another; one that reads the other way is set apart, or it would turn its neighbours. */
export function joined(names) {
  return names.map((name) => (isForeign(name) ? `\u2068${name}\u2069` : name)).join(isPersian() ? '، ' : ', ');
}

/** A reading with its unit. */
export function reading(value, unit) {
  if (value === null) return t('unknown');
  if (value === 'inf') return t('nothingNear');
  const size = Math.abs(value), digits = value % 1 === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  const number = num(value, digits);
  if (unit === 'share') return percent(value, Math.abs(value) < 0.1 ? 1 : 0);
  if (UNIT_WORDS[unit]) return t(UNIT_WORDS[unit], number);
  return unit && unit !== '1' ? `${number} \u2066${unit}\u2069` : number;
}

/** Digits of a text in the script of the page; Latin words, such as an id or all of a citation, keep their own. */
export function digits(text) {
  if (!isPersian() || isForeign(text)) return text;
  return text.replace(/[A-Za-z][\w.+-]*|[0-9]/g, (run) => PERSIAN_DIGITS[run] ?? run);
}

/** The name of anything that carries `en` and `fa`. */
export function nameOf(thing) {
  const english = thing.en || thing.fa || thing.id || '';
  return isPersian() && thing.fa ? digits(thing.fa) : english;
}

export function siteName(i) {
  return nameOf({ id: SITES.id[i], en: SITES.name_en[i], fa: SITES.name_fa[i] });
}

export function provinceName(code) {
  const found = DATA.context.provinces.find((p) => p.id === code);
  return found ? nameOf(found) : code;
}

/** The word of the page for a word of the data; one that the page does not know stays as it is. */
export function wordOf(key) {
  return WORDS[key] ? t(key) : key;
}

export const kindName = wordOf;

export function statusWord(status) {
  const keys = { __proto__: null, 'in force': 'inForce', 'needs legal text': 'needsText' };
  return wordOf(keys[status] ?? status);
}

/** A date in the calendar of the language first and the other in brackets; other text as it is. */
export function dateText(text) {
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(date.getTime())) return digits(text);
  const form = (locale) => new Intl.DateTimeFormat(locale, {
    year: 'numeric', month: 'long', day: 'numeric', timeZone: 'Asia/Tehran',
  }).format(date);
  // Browsers write the era behind a Persian year in English.
  const solar = form(isPersian() ? 'fa-IR-u-ca-persian' : 'en-GB-u-ca-persian').replace(/ AP$/, ''), western = form(isPersian() ? 'fa-IR-u-ca-gregory' : 'en-GB');
  return isPersian() ? `${solar} (${western})` : `${western} (${solar})`;
}

const LETTERS = { 'ي': 'ی', 'ى': 'ی', 'ك': 'ک', 'ة': 'ه', 'ۀ': 'ه', 'أ': 'ا', 'إ': 'ا', 'آ': 'ا', 'ؤ': 'و', 'ئ': 'ی', '\u200c': ' ' };

/** The form in which two spellings of one name are equal, as siteselect.base.text.fold. */
export function folded(text) {
  return text.normalize('NFKC')
    .replace(/[\u200e\u200fـ]/g, '')
    .replace(/[يىكةۀأإآؤئ\u200c]/g, (c) => LETTERS[c])
    .replace(/\p{M}/gu, '')
    .replace(/[۰-۹]/g, (d) => PERSIAN_DIGITS.indexOf(d))
    .replace(/[٠-٩]/g, (d) => d.charCodeAt(0) - 0x660)
    .toLowerCase().split(/\s+/).filter(Boolean).join(' ');
}
