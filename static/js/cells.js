/** The last records of a replica, which travel as rows without names: most of what comes is these. */

/** @typedef {{offset: number, key: string | null, glyph: number, bytes: number, epoch: number, kind: string}} Cell */

/** @type {WeakMap<any[], Cell[]>} */
const read = new WeakMap();

/** @param {import("./types.js").Entity} replica @returns {Cell[]} */
export function cellsOf(replica) {
  let cells = read.get(replica.tail);
  if (cells === undefined) {
    cells = replica.tail.map(([offset, key, glyph, bytes, epoch, kind = "data"]) => ({ offset, key, glyph, bytes, epoch, kind }));
    read.set(replica.tail, cells);
  }
  return cells;
}
