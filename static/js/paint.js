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
const NOTHING = Object.freeze({});

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
  if (inPlace(parent, drawn)) return;
  const before = new Map();
  const oldNames = namer();
  for (const node of parent.childNodes) before.set(oldNames(painted.get(node)), node);
  const newNames = namer();
  let here = parent.firstChild;
  for (const item of drawn) {
    const name = newNames(typeof item === "string" ? undefined : item);
    const old = before.get(name);
    const stays = old !== undefined && fits(old, item);
    const node = stays ? old : create(parent, item);
    if (stays) before.delete(name);
    if (here !== null && node === here) here = here.nextSibling;
    else parent.insertBefore(node, here);
    update(node, item);
  }
  for (const node of before.values()) node.remove();
}

/** Most drawings have the same parts in the same order as before: then nobody needs a name. */
function inPlace(parent, drawn) {
  let node = parent.firstChild;
  for (const item of drawn) {
    if (node === null || !isTheSame(node, item)) return false;
    node = node.nextSibling;
  }
  if (node !== null) return false;
  node = parent.firstChild;
  for (const item of drawn) {
    // What is painted now cannot change which sibling comes next: it stays below this one.
    const next = node.nextSibling;
    update(node, item);
    node = next;
  }
  return true;
}

function isTheSame(node, item) {
  if (typeof item === "string") return node.nodeType === Node.TEXT_NODE;
  const old = painted.get(node);
  return old !== undefined && old.tag === item.tag && old.props.key === item.props.key;
}

/** Names siblings in their row: by key, else by place; of two that would share a name the later gets another. */
function namer() {
  const given = new Set();
  let place = 0;
  return (/** @type {Drawn | undefined} */ drawn) => {
    const key = drawn?.props.key;
    let name = drawn === undefined ? `text:${place}` : key === undefined ? `${drawn.tag}:${place}` : `${drawn.tag}#${key}`;
    place += 1;
    while (given.has(name)) name += "+";
    given.add(name);
    return name;
  };
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
  const was = old?.props ?? NOTHING;
  for (const name in item.props) {
    if (name !== "key" && was[name] !== item.props[name]) assign(node, name, item.props[name]);
  }
  for (const name in was) {
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
