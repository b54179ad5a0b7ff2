/**
 * What a tab of the inspector shows is asked for when the tab is open: for whom, and again once something happened.
 *
 * What comes too late, because something else was chosen meanwhile, is dropped.
 */

const AGAIN_MS = 1000;

/**
 * @param {string} url
 * @param {() => void} onAnswer there is something new to draw
 */
export function makeAsker(url, onAnswer) {
  let asked = "";
  let seen = "";
  let data = null;
  let text = "";
  let at = -Infinity;
  let waiting = false;

  async function fetchIt(query, stamp) {
    seen = stamp;
    at = performance.now();
    let answer = "";
    try {
      const said = await fetch(`${url}?${query}`);
      answer = said.ok ? await said.text() : "";
    } catch (away) {
      // The lab is away. Whoever is here when it is back asks again.
      if (!(away instanceof TypeError)) throw away;
      seen = "";
    }
    // The same answer is the same object: what was drawn of it stays as it is.
    if (query !== asked || answer === "" || answer === text) return;
    text = answer;
    data = JSON.parse(answer);
    onAnswer();
  }

  return {
    /**
     * The last answer to that question, or null while there is none.
     * @param {Record<string, string>} question
     * @param {string} stamp another one when the answer may be another one
     */
    answer(question, stamp) {
      const query = new URLSearchParams(question).toString();
      if (query !== asked) {
        asked = query;
        data = null;
        text = "";
        fetchIt(query, stamp);
      } else if (stamp !== seen) {
        const wait = at + AGAIN_MS - performance.now();
        if (wait <= 0) fetchIt(query, stamp);
        else if (!waiting) {
          waiting = true;
          setTimeout(() => {
            waiting = false;
            onAnswer();
          }, wait);
        }
      }
      return data;
    },
  };
}
