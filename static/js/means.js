/** What the numbers above the stage mean shows where somebody points, or comes to by keyboard; Escape takes it away. */

/** @param {HTMLElement} strip */
export function wireMeanings(strip) {
  const root = document.documentElement;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") root.toggleAttribute("data-no-meanings", true);
  });
  for (const kind of ["pointerover", "focusin"]) strip.addEventListener(kind, () => root.toggleAttribute("data-no-meanings", false));
}
