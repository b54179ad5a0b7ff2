/** Evidence for the workbook: the stage as a picture, or the last command with what it printed. */

import { asPng } from "./share.js";
import { clockTime } from "./words.js";

const SAID_MS = 4000;
const find = (/** @type {string} */ selector) => /** @type {any} */ (document.querySelector(selector));

/** @param {{say: (sentence: string) => void, now_us: () => number}} hands */
export function wireKeeping(hands) {
  document.addEventListener("click", (event) => {
    const button = /** @type {HTMLButtonElement|null} */ (/** @type {Element} */ (event.target).closest?.("[data-keep]"));
    if (button) void keep(button, hands);
  });
}

/** @param {HTMLButtonElement} button @param {{say: (sentence: string) => void, now_us: () => number}} hands */
async function keep(button, hands) {
  const label = button.textContent;
  const said = new FormData(find("#keep"));
  if (button.dataset.keep === "picture") {
    said.set("picture", await asPng(find("#stage-svg")), "stage.png");
    said.set("title", `${find(".lab-name").textContent}, ${clockTime(hands.now_us()).slice(0, 8)}`);
  } else {
    const { command, output } = lastCommand();
    said.set("command", command);
    said.set("output", output);
  }
  button.disabled = true;
  const sentence = await sent(said);
  button.disabled = false;
  button.textContent = sentence;
  hands.say(sentence);
  setTimeout(() => (button.textContent = label), SAID_MS);
}

/** @param {FormData} said */
async function sent(said) {
  try {
    const answer = await fetch(find("#keep").action, { method: "POST", body: said });
    return answer.status === 200 || answer.status === 400 ? await answer.text() : `It was not kept: the server says ${answer.status}.`;
  } catch {
    return "It was not kept: the server cannot be reached.";
  }
}

/** As the terminal shows it. */
export function lastCommand() {
  const asked = [...document.querySelectorAll("#terminal-output .terminal-line[data-kind=asked]")].at(-1);
  const output = [];
  for (let line = asked?.nextElementSibling; line; line = line.nextElementSibling) output.push(line.textContent);
  return { command: asked?.textContent ?? "", output: output.join("\n") };
}
