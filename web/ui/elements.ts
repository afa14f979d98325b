/** The element of a page with this id. @throws where the page lacks it: page and script belong together */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`Cannot find #${id} in the page`);
  return element;
}

/** An element with a class and text (never markup). */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = "",
  text = "",
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  if (className !== "") element.className = className;
  if (text !== "") element.textContent = text;
  return element;
}

/** Sets text where it differs: screen readers repeat what is set again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A small picture, hidden from screen readers: its button has the words. */
export function icon(name: string): SVGSVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", ICONS[name] ?? "");
  svg.append(path);
  return svg;
}

/** Puts an icon in front of what an element holds, in place of the one before. */
export function setIcon(element: Element, name: string): void {
  if (element.getAttribute("data-icon") === name) return;
  element.setAttribute("data-icon", name);
  element.querySelector("svg")?.remove();
  element.prepend(icon(name));
}

const ICONS: Readonly<Record<string, string>> = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zm6 0h4v14h-4z",
  sound:
    "M4 9v6h4l5 5V4L8 9zm11.5 3A4 4 0 0 0 13.8 8.7v6.6A4 4 0 0 0 15.5 12M13.8 4v2.1a6.2 6.2 0 0 1 0 11.8V20a8.2 8.2 0 0 0 0-16",
  muted:
    "M4 9v6h4l5 5V4L8 9zm16.6.8-1.4-1.4-2.2 2.2-2.2-2.2-1.4 1.4 2.2 2.2-2.2 2.2 1.4 1.4 2.2-2.2 2.2 2.2 1.4-1.4-2.2-2.2z",
  fullscreen: "M4 4h6v2H6v4H4zm10 0h6v6h-2V6h-4zM4 14h2v4h4v2H4zm14 0h2v6h-6v-2h4z",
  leave: "M8 4h2v6H4V8h4zm6 0h2v4h4v2h-6zM4 14h6v6H8v-4H4zm10 0h6v2h-4v4h-2z",
  camera:
    "M9.2 4.5 7.8 6.5H4.5A1.5 1.5 0 0 0 3 8v10a1.5 1.5 0 0 0 1.5 1.5h15A1.5 1.5 0 0 0 21 18V8a1.5 1.5 0 0 0-1.5-1.5h-3.3l-1.4-2zM12 8.6a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4m0 1.9a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6",
  captions:
    "M4 5h16a1.6 1.6 0 0 1 1.6 1.6v10.8A1.6 1.6 0 0 1 20 19H4a1.6 1.6 0 0 1-1.6-1.6V6.6A1.6 1.6 0 0 1 4 5m2 8.2v1.9h6.6v-1.9zm8.4 0v1.9H18v-1.9zM6 9.4v1.9h3.6V9.4zm5.4 0v1.9H18V9.4z",
  picture: "M4 5h16v14H4zm2 2v8.6l3.8-4.6 3 3.6 2-2.4 3.2 4V7z",
  share:
    "M17 3a3 3 0 0 1 0 6 3 3 0 0 1-2.1-.9L9.6 11a3 3 0 0 1 0 2l5.3 2.9A3 3 0 1 1 14 17.7L8.7 14.8a3 3 0 1 1 0-5.6L14 6.3A3 3 0 0 1 17 3",
  code: "m8.6 6.2 1.4 1.4L5.7 12l4.3 4.4-1.4 1.4L2.9 12zm6.8 0L21.1 12l-5.7 5.8-1.4-1.4 4.3-4.4L14 7.6z",
  report: "M6 3h8l5 5v13H6zm7 1.8V9h4.2zM8.5 12v1.6h8V12zm0 3.6v1.6h8v-1.6z",
  download: "M11 3h2v9l3.3-3.3 1.4 1.4L12 15.8l-5.7-5.7 1.4-1.4L11 12zM5 18h14v2H5z",
  copy: "M8 3h11a1 1 0 0 1 1 1v12h-2V5H8zM5 7h10a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1m1 2v10h8V9z",
};
