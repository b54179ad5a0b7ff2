/** What can be given away: a link to a moment, and the stage as a picture that looks as it does on the page. */

/** What children do not take over, and what it is where nobody says. */
const OWN = { opacity: "1", display: "inline" };
const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "stroke-opacity", "fill-opacity", "opacity",
  "font-family", "font-size", "font-weight", "font-style", "font-variant-numeric", "letter-spacing", "text-anchor", "dominant-baseline", "visibility", "display", "text-decoration-line", "paint-order"];
const SHARPNESS = 2;

/** The stage with every style written beside what it styles: it needs no style sheet any more. @param {SVGSVGElement} svg */
export function standingAlone(svg) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  const from = [svg, ...svg.querySelectorAll("*")];
  const to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, at) => {
    const style = getComputedStyle(element);
    const parent = at > 0 && element.parentElement ? getComputedStyle(element.parentElement) : null;
    for (const name of STYLES) {
      const value = style.getPropertyValue(name);
      const asIs = name in OWN ? value === OWN[/** @type {keyof typeof OWN} */ (name)] : parent?.getPropertyValue(name) === value;
      if (value !== "" && !asIs) to[at].setAttribute(name, name === "fill" || name === "stroke" ? here(value) : value);
    }
    for (const { name } of [...to[at].attributes]) {
      if (/^(class|tabindex|role|aria-|data-)/.test(name)) to[at].removeAttribute(name);
    }
  });
  const [, , width, height] = (svg.getAttribute("viewBox") ?? "0 0 100 100").split(" ").map(Number);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ width, height, fill: getComputedStyle(document.body).backgroundColor })) ground.setAttribute(name, String(value));
  copy.insertBefore(ground, copy.querySelector("defs")?.nextSibling ?? copy.firstChild);
  return { text: new XMLSerializer().serializeToString(copy), width, height };
}

/** A pattern is named with the page's address before it: in a file of its own it is in that file. */
const here = (/** @type {string} */ value) => value.replace(/url\("?[^")]*#/, "url(#").replace(/(url\(#[^")]+)"\)/, "$1)");

function save(/** @type {string} */ name, /** @type {string} */ url) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

const asUrl = (/** @type {string} */ text) => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;

/** @param {SVGSVGElement} svg @returns {Promise<Blob>} */
export async function asPng(svg) {
  const { text, width, height } = standingAlone(svg);
  const image = new Image(width * SHARPNESS, height * SHARPNESS);
  image.src = asUrl(text);
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * SHARPNESS);
  canvas.height = Math.round(height * SHARPNESS);
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((made) => canvas.toBlob((blob) => made(/** @type {Blob} */ (blob)), "image/png"));
}

export const share = {
  /** @param {number} at_us @param {(sentence: string) => void} say */
  async link(at_us, say) {
    const url = `${location.origin}${location.pathname}#at=${Math.round(at_us)}`;
    await navigator.clipboard.writeText(url);
    say("The link to this moment is copied.");
  },
  svg(/** @type {SVGSVGElement} */ svg, /** @type {string} */ name) {
    save(`${name}-stage.svg`, asUrl(standingAlone(svg).text));
  },
  async png(/** @type {SVGSVGElement} */ svg, /** @type {string} */ name) {
    const url = URL.createObjectURL(await asPng(svg));
    save(`${name}-stage.png`, url);
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  },
};
