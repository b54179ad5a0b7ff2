/**
 * What was done here, with the page and in its terminal, newest first.
 *
 * This browser keeps it for each lab, so that it is still there after a reload. A line with a password in it, or a
 * very long one, is shown only until the page is left.
 */

const MOST = 30;
const LONGEST_KEPT = 1000;

/** @typedef {{command: {command: string, [field: string]: any}, answer: import("./types.js").Answer, at: number}} Done */

/** @param {string} lab */
export function makeDone(lab) {
  const place = `kafkalab-done-${lab}`;
  /** @type {Done[]} */
  let done = recall(place);
  let carriedOut = 0;
  return {
    all: () => done,
    /** How many orders were carried out since the page was opened. */
    carriedOut: () => carriedOut,
    /** @param {Done["command"]} command @param {Done["answer"]} answer @returns {() => void} says that it failed later */
    add(command, answer) {
      if (answer.ok) carriedOut += 1;
      const one = { command, answer, at: Date.now() };
      done = [one, ...done].slice(0, MOST);
      keep(place, done);
      return () => {
        done = done.map((other) => (other === one ? { ...one, answer: { ...answer, ok: false } } : other));
        keep(place, done);
      };
    },
  };
}

/** @param {Done} one */
export function mayBeKept({ command, answer }) {
  const line = answer.shell ?? command.command;
  return line.length <= LONGEST_KEPT && !/passw/i.test(line) && command.password === undefined;
}

/** @param {string} place @returns {Done[]} */
function recall(place) {
  try {
    const kept = JSON.parse(localStorage.getItem(place) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [];
  }
}

/** Without what was in the forms: of an order only its name and its line are shown. */
function keep(place, done) {
  const told = done.filter(mayBeKept).map(({ command, answer, at }) => ({ command: { command: command.command }, answer, at }));
  try {
    localStorage.setItem(place, JSON.stringify(told));
  } catch (error) {
    // The browser has no more room for this page: then it is kept until the page is left.
    if (!(error instanceof DOMException)) throw error;
  }
}
