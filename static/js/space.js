/** Hands of the space-time lens: what to leave out, and what is pointed at. */

/** @param {{ui: () => import("./types.js").Ui, change: (patch: any) => void}} hands */
export function wireSpace(hands) {
  const set = (patch) => hands.change({ space: { ...hands.ui().space, ...patch } });
  const turned = (list, one) => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one]);
  const point = (event) => {
    const on = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest?.("[data-lit]"));
    const lit = on?.dataset.lit ?? null;
    if (hands.ui().lens === "spacetime" && lit !== hands.ui().space.lit) set({ lit });
  };
  document.addEventListener("pointerover", point);
  document.addEventListener("focusin", point);
  document.addEventListener("click", (event) => press(/** @type {Element} */ (event.target)));
  document.addEventListener("keydown", (event) => {
    const on = /** @type {Element} */ (event.target).closest?.("#stage-head [role=button]");
    if (!on || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    on.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  });

  function press(target) {
    const on = /** @type {HTMLElement|null} */ (target.closest?.("[data-api],[data-hide],[data-collapse]"));
    if (!on) return;
    const { space } = hands.ui();
    if (on.dataset.api !== undefined) set({ apis: turned(space.apis, on.dataset.api) });
    else if (on.dataset.hide !== undefined) set({ hidden: turned(space.hidden, on.dataset.hide) });
    else set({ collapsed: !space.collapsed });
  }
}
