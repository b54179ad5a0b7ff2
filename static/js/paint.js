/**
 * Puts what was drawn into the document, changing only what differs. Drawings are plain trees from `h`.
 *
 * Text becomes text nodes and never markup: what a learner typed cannot become part of the page.
 */

/** @typedef {import("./types.js").Drawn} Drawn */

const SVG = "http://www.w3.org/2000/svg";
const AS_PROPERTY = new Set(["value", "checked"]);

/** @type {WeakMap<Node, Drawn>} */
const painted = new WeakMap();

/**
 * @param {string} tag
 * @param {Record<string, any> | null} [props] attributes; `key` says which sibling this is; null and false are left out
 * @param {...(Drawn | string | number | null | false | undefined | any[])} children
 * @returns {Drawn}
 */
export function h(tag, props, ...children) {
  const flat = [];
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    flat.push(typeof child === "object" ? child : String(child));
  }
  return { tag, props: props ?? {}, children: flat };
}

/**
 * Make the children of `parent` look like `drawn`.
 * @param {Element} parent
 * @param {(Drawn | string)[]} drawn
 */
export function paint(parent, drawn) {
  const before = new Map();
  let place = 0;
  for (const node of parent.childNodes) before.set(nameOf(painted.get(node), place++), node);
  let here = parent.firstChild;
  drawn.forEach((item, index) => {
    const name = nameOf(typeof item === "string" ? undefined : item, index);
    const old = before.get(name);
    const stays = old !== undefined && fits(old, item);
    const node = stays ? old : create(parent, item);
    if (stays) before.delete(name);
    if (node === here) here = here.nextSibling;
    else parent.insertBefore(node, here);
    update(node, item);
  });
  for (const node of before.values()) node.remove();
}

function nameOf(drawn, index) {
  if (drawn === undefined) return `text:${index}`;
  // A key that is a number must not be taken for a place in the row.
  return drawn.props.key === undefined ? `${drawn.tag}:${index}` : `${drawn.tag}#${drawn.props.key}`;
}

function fits(node, item) {
  if (typeof item === "string") return node.nodeType === Node.TEXT_NODE;
  return node.nodeType === Node.ELEMENT_NODE && node.localName === item.tag;
}

function create(parent, item) {
  if (typeof item === "string") return document.createTextNode(item);
  const inSvg = item.tag === "svg" || (parent.namespaceURI === SVG && parent.localName !== "foreignObject");
  return inSvg ? document.createElementNS(SVG, item.tag) : document.createElement(item.tag);
}

function update(node, item) {
  if (typeof item === "string") {
    if (node.nodeValue !== item) node.nodeValue = item;
    return;
  }
  const old = painted.get(node);
  if (old === item) return;
  const was = old?.props ?? {};
  for (const [name, value] of Object.entries(item.props)) {
    if (name !== "key" && was[name] !== value) assign(node, name, value);
  }
  for (const name of Object.keys(was)) {
    if (!(name in item.props)) assign(node, name, null);
  }
  painted.set(node, item);
  paint(node, item.children);
}

function assign(node, name, value) {
  if (AS_PROPERTY.has(name)) {
    node[name] = value ?? "";
    return;
  }
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}
