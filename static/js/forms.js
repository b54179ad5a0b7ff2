/** The forms beside the stage: from fields to a command, and each reason back to its field. */

import { namesOn } from "./controls.js";
import { h, paint } from "./paint.js";

const lineUrl = () => /** @type {HTMLElement} */ (document.querySelector("[data-line-url]")).dataset.lineUrl;
const STILL_MS = 250;
const LONGEST_ASKED = 1500;

/** @param {{ask: (command: any) => Promise<import("./types.js").Answer>, change: (patch: any) => void}} hands */
export function wireForms(hands) {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.dataset.orders === undefined) return;
    event.preventDefault();
    submit(form, hands);
  });
  document.addEventListener("input", (event) => {
    const form = /** @type {Element} */ (event.target).closest?.("form[data-orders]");
    if (form) showLine(form);
  });
  let offered = "";
  return {
    /** The topics and groups that there are, as suggestions. */
    offerNames(model) {
      const names = namesOn(model);
      const now = JSON.stringify(names);
      if (now === offered) return;
      offered = now;
      for (const [list, all] of Object.entries(names)) {
        paint(/** @type {Element} */ (document.querySelector(`#${list}`)), all.map((name) => h("option", { value: name })));
      }
      takeUpOnlyTopic(names.topics);
    },
  };
}

/** A field that asks for a topic starts with the first there is, until somebody writes into it. */
function takeUpOnlyTopic(topics) {
  for (const field of document.querySelectorAll("[data-suggest=topics]")) {
    const input = /** @type {HTMLInputElement} */ (field);
    if (input.value === "" && topics.length > 0) input.value = topics[0];
  }
}

/** What the form says, as a command; raises FieldError. */
function commandOf(form) {
  const command = { command: form.dataset.orders };
  for (const field of form.querySelectorAll("[data-type]")) {
    try {
      const value = READERS[field.dataset.type](field);
      if (value !== undefined) command[field.name] = value;
    } catch (wrong) {
      if (wrong instanceof FieldError) wrong.field = field.name;
      throw wrong;
    }
  }
  return command;
}

async function submit(form, hands) {
  clear(form);
  let command;
  try {
    command = commandOf(form);
  } catch (wrong) {
    if (!(wrong instanceof FieldError)) throw wrong;
    beside(form, wrong.field, wrong.message);
    return;
  }
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
  button.disabled = true;
  const answer = await hands.ask(command);
  button.disabled = false;
  tell(form, answer);
}

class FieldError extends Error {
  field = "";
}

/** Below the button stands the command line that the form equals, as it is filled in now. */
async function showLine(form) {
  const place = form.querySelector(".equals");
  if (!place) return;
  const asked = (form.asked = (form.asked ?? 0) + 1);
  await new Promise((settle) => setTimeout(settle, STILL_MS));
  if (form.asked !== asked) return;
  let line = "";
  try {
    const command = JSON.stringify(commandOf(form));
    if (command.length < LONGEST_ASKED) {
      const answer = await fetch(`${lineUrl()}?${new URLSearchParams({ command })}`);
      line = answer.ok ? await answer.text() : "";
    }
  } catch (wrong) {
    // While a field makes no sense, or the lab is away, there is no such line.
    if (!(wrong instanceof FieldError || wrong instanceof TypeError)) throw wrong;
  }
  if (form.asked !== asked) return;
  place.hidden = line === "";
  place.querySelector("code").textContent = line;
}

/** From a field to what the command holds; undefined leaves it to the command's default. */
const READERS = {
  text: (field) => (field.value === "" ? undefined : field.value),
  value: (field) => (field.form.elements.namedItem("is_null")?.checked ? null : field.value),
  number: (field) => (field.value === "" ? undefined : Number(field.value)),
  yes: (field) => field.checked,
  names: (field) => field.value.split(",").map((name) => name.trim()).filter(Boolean),
  numbers: (field) => field.value.split(/[\s,]+/).filter(Boolean).map(wholeNumber),
  settings: (field) => (field.value.trim() === "" ? undefined : Object.fromEntries(pairs(field, "="))),
  headers: (field) => (field.value.trim() === "" ? undefined : pairs(field, ":")),
};

function wholeNumber(text) {
  if (!/^\d+$/.test(text)) throw new FieldError("must be whole numbers, separated by commas");
  return Number(text);
}

function pairs(field, mark) {
  return field.value.split("\n").filter((line) => line.trim() !== "").map((line) => {
    const at = line.indexOf(mark);
    if (at < 1) throw new FieldError(`each line must be name${mark}value`);
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
}

function clear(form) {
  for (const error of form.querySelectorAll(".field-error,.form-error,.form-done")) error.textContent = "";
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

function beside(form, name, reason) {
  const field = form.elements.namedItem(name);
  const place = form.querySelector(`[data-error-of="${CSS.escape(name)}"]`);
  if (!field || !place) return false;
  field.setAttribute("aria-invalid", "true");
  field.closest("details:not([data-act])")?.setAttribute("open", "");
  place.textContent = reason;
  return true;
}

function storedAs(detail) {
  return detail?.offset >= 0 ? `Stored in partition ${detail.partition} of ${detail.topic} (${detail.topic}-${detail.partition}), at offset ${detail.offset}.` : null;
}

function tell(form, answer) {
  if (answer.ok) {
    form.querySelector(".form-done").textContent = storedAs(answer.detail) ?? "Done.";
    return;
  }
  const reasons = Object.entries(answer.fields ?? {});
  const placed = reasons.filter(([name, reason]) => beside(form, name, reason));
  if (placed.length === 0 || placed.length < reasons.length) form.querySelector(".form-error").textContent = answer.error ?? "It was refused.";
  else form.querySelector("[aria-invalid]")?.focus();
}
