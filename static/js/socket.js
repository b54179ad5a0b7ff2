/**
 * The socket to the lab: frames in, commands out, and back again by itself when the line breaks.
 *
 * After a break it waits a little longer each time, with some chance in it, so that a class does not come back
 * all at once. The first message of every connection is a snapshot, so nothing needs to be asked for.
 */

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 10_000;

/** What the server says when there is no such lab, or it is gone. */
const NO_SUCH_LAB = 4404;

/** @typedef {import("./types.js").Answer} Answer */

/**
 * @param {string} url
 * @param {{onFrame: (frame: import("./types.js").Frame) => void, onState: (state: "open"|"waiting"|"connecting"|"gone") => void,
 *          onSitting?: (sitting: any) => void, onDemo?: (demo: any) => void,
 *          onDrill?: (drill: any) => void}} told
 */
export function openSocket(url, told) {
  /** @type {WebSocket} */
  let socket;
  let wait = FIRST_WAIT_MS;
  let lastId = 0;
  /** @type {Map<number, (answer: Answer) => void>} */
  const asked = new Map();

  function connect() {
    told.onState("connecting");
    socket = new WebSocket(url);
    socket.addEventListener("open", () => {
      wait = FIRST_WAIT_MS;
      told.onState("open");
    });
    socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      told.onState(event.code === NO_SUCH_LAB ? "gone" : "waiting");
      for (const [id, settle] of asked) settle({ type: "answer", id, ok: false, error: "The connection broke before the answer came." });
      asked.clear();
      setTimeout(connect, wait * (0.5 + Math.random()));
      wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    });
  }

  function hear(message) {
    if (message.type === "sitting") {
      told.onSitting?.(message.sitting);
      return;
    }
    if (message.type === "drill") {
      told.onDrill?.(message.drill);
      return;
    }
    if (message.type === "demo") {
      told.onDemo?.(message.demo);
      return;
    }
    if (message.type !== "answer") {
      told.onFrame(message);
      return;
    }
    asked.get(message.id)?.(message);
    asked.delete(message.id);
  }

  connect();
  return {
    /**
     * @param {{command: string, [field: string]: any}} command
     * @returns {Promise<Answer>}
     */
    ask(command) {
      const id = ++lastId;
      return new Promise((settle) => {
        if (socket.readyState !== WebSocket.OPEN) {
          settle({ type: "answer", id, ok: false, error: "There is no connection to the lab just now." });
          return;
        }
        asked.set(id, settle);
        socket.send(JSON.stringify({ ...command, id }));
      });
    },
    /** After a gap: a new connection begins with a snapshot. */
    renew() {
      socket.close();
    },
  };
}
