/** Who may do what: the users that have a password and the access control lists, each with a button that takes it away. */

import { h } from "./paint.js";

/** @param {import("./types.js").Model} model */
export function drawSecurity(model) {
  const known = model.entities.security;
  if (!known) return [];
  return [
    h("h2", { key: "users-title", class: "acts-title" }, "Users with a password"),
    known.users.length === 0
      ? h("p", { key: "no-users", class: "about" }, "None yet.")
      : h("ul", { key: "users", class: "security-list" }, known.users.map(drawUser)),
    h("h2", { key: "acls-title", class: "acts-title" }, "Access control lists"),
    known.acls.length === 0
      ? h("p", { key: "no-acls", class: "about" }, "No entry: everybody may do everything.")
      : h("ul", { key: "acls", class: "security-list" }, known.acls.map(drawAcl)),
  ];
}

function drawUser({ user, mechanisms }) {
  return h("li", { key: user }, h("span", null, h("strong", null, user), ` ${mechanisms.join(", ")}`),
    mechanisms.map((mechanism) => h("button", {
      key: mechanism, type: "button", class: "small", "aria-label": `Take ${user}'s password for ${mechanism} away`,
      "data-command": JSON.stringify({ command: "remove_password", user, mechanism }),
    }, mechanisms.length === 1 ? "Take away" : `Take ${mechanism} away`)));
}

function drawAcl(acl) {
  const { says, host, ...meant } = acl;
  return h("li", { key: says + acl.pattern, "data-state": acl.permission }, h("span", null, says),
    h("button", {
      type: "button", class: "small", "aria-label": `Strike out: ${says}`,
      "data-command": JSON.stringify({ command: "remove_acl", ...meant, ...(host === "*" ? {} : { host }) }),
    }, "Strike out"));
}
