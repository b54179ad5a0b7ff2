/** A small mark for each key, told by its shape: the order within a key shows in greyscale too. */

import { h } from "../paint.js";

/** Twelve shapes in a box of ten by ten. */
const SHAPES = [
  "M5 .5A4.5 4.5 0 1 1 5 9.5A4.5 4.5 0 1 1 5 .5Z",
  "M1 1H9V9H1Z",
  "M5 .6L9.6 9H.4Z",
  "M5 0L10 5L5 10L0 5Z",
  "M3.6 .5H6.4V3.6H9.5V6.4H6.4V9.5H3.6V6.4H.5V3.6H3.6Z",
  "M.4 1H9.6L5 9.4Z",
  "M5 0L6.4 3.5L10 3.8L7.2 6.2L8.1 10L5 7.9L1.9 10L2.8 6.2L0 3.8L3.6 3.5Z",
  "M2.6 .7H7.4L9.8 5L7.4 9.3H2.6L.2 5Z",
  "M5 .5A4.5 4.5 0 1 1 5 9.5A4.5 4.5 0 1 1 5 .5ZM5 3A2 2 0 1 0 5 7A2 2 0 1 0 5 3Z",
  "M.5 7.5A4.5 4.5 0 0 1 9.5 7.5Z",
  "M.8 .8H3.4V9.2H.8ZM6.6 .8H9.2V9.2H6.6Z",
  "M1 0H4.6L9 5L4.6 10H1L5.2 5Z",
];

/**
 * @param {number} glyph 0 to 11, or -1 where a record has no key
 * @param {number} x @param {number} y the top left corner
 * @param {number} [size]
 */
export function drawGlyph(glyph, x, y, size = 10) {
  const scale = size / 10;
  if (glyph < 0) return h("path", { class: "glyph glyph-none", d: "M2 5H8", transform: `translate(${x} ${y}) scale(${scale})` });
  return h("path", {
    class: "glyph", "data-glyph": glyph, d: SHAPES[glyph % SHAPES.length], "fill-rule": "evenodd",
    transform: `translate(${x} ${y}) scale(${scale})`,
  });
}
