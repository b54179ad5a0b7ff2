/** Numbers and names as people read them. */

const grouped = new Intl.NumberFormat("en", { useGrouping: true });

/** 1234567 as 1 234 567, with narrow spaces. @param {number|null|undefined} value */
export function number(value) {
  return value === null || value === undefined ? "–" : grouped.format(value).replaceAll(",", " ");
}

/** An offset, where -1 says that there is none. @param {number|null|undefined} value */
export function offset(value) {
  return value === null || value === undefined || value < 0 ? "–" : number(value);
}

/** @param {number} value */
export function bytes(value) {
  if (value < 1024) return `${value} B`;
  if (value < 1024 ** 2) return `${(value / 1024).toFixed(1)} KiB`;
  if (value < 1024 ** 3) return `${(value / 1024 ** 2).toFixed(1)} MiB`;
  return `${(value / 1024 ** 3).toFixed(2)} GiB`;
}

/** @param {number} at_us microseconds of the Unix epoch */
export function clockTime(at_us) {
  const at = new Date(at_us / 1000);
  const two = (value) => String(value).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** How long: 8 s, 3 min, 2 h. @param {number} passed_us */
export function span(passed_us) {
  const s = Math.floor(passed_us / 1_000_000);
  if (s < 100) return `${s} s`;
  return s < 6000 ? `${Math.floor(s / 60)} min` : `${Math.floor(s / 3600)} h`;
}

/** @param {string} text @param {number} most characters */
export function short(text, most) {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

const WIDTHS = [[/[A-Z_%@mw…]/, 0.76], [/[0-9+×→↔]/, 0.58], [/[ilj.,:;'| -]/, 0.31]];

/** About how wide a text is, in pixels of a bold sans serif. @param {string} text @param {number} size of the letters */
export function width(text, size) {
  let sum = 0;
  for (const letter of text) sum += /** @type {number} */ ((WIDTHS.find(([like]) => /** @type {RegExp} */ (like).test(letter)) ?? [null, 0.56])[1]);
  return sum * size;
}

/** What fits of it. @param {string} text @param {number} room in pixels @param {number} size of the letters */
export function fit(text, room, size) {
  if (width(text, size) <= room) return text;
  let most = text.length - 1;
  while (most > 1 && width(`${text.slice(0, most)}…`, size) > room) most -= 1;
  return `${text.slice(0, most).trimEnd()}…`;
}

/** PreparingRebalance as preparing rebalance. @param {string} state */
export function spoken(state) {
  return state.replaceAll("_", " ").replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}
