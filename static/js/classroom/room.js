/**
 * The line to a room: what everybody there is told. Each message goes out again as an event "room" of the document,
 * for whoever builds upon rooms; `last` has the newest of each type, for who comes later.
 */

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 10_000;
/** The seat is gone, or the room. */
const NOT_THERE = 4404;

/** @typedef {{type: string, [field: string]: any}} Told */

/** The newest message of each type. @type {Map<string, Told>} */
export const last = new Map();

/**
 * @param {string} path
 * @param {(state: "open"|"waiting"|"gone") => void} onState
 */
export function openRoom(path, onState = () => undefined) {
  let wait = FIRST_WAIT_MS;
  let socket = connect();

  function connect() {
    const made = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);
    made.addEventListener("open", () => {
      wait = FIRST_WAIT_MS;
      onState("open");
    });
    made.addEventListener("message", (event) => {
      const told = /** @type {Told} */ (JSON.parse(event.data));
      last.set(told.type, told);
      document.dispatchEvent(new CustomEvent("room", { detail: told }));
    });
    made.addEventListener("close", (event) => {
      onState(event.code === NOT_THERE ? "gone" : "waiting");
      setTimeout(() => { socket = connect(); }, wait * (0.5 + Math.random()));
      wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    });
    return made;
  }

  return { close: () => socket.close() };
}
