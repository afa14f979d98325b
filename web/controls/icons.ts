const PATHS = {
  play: "M8 5v14l11-7z",
  muted:
    "M4 9v6h4l5 5V4L8 9zm16.6.8-1.4-1.4-2.2 2.2-2.2-2.2-1.4 1.4 2.2 2.2-2.2 2.2 1.4 1.4 2.2-2.2 2.2 2.2 1.4-1.4-2.2-2.2z",
  sound:
    "M4 9v6h4l5 5V4L8 9zm11.5-.9v7.8a4.4 4.4 0 0 0 0-7.8m0-4v2.1a6.4 6.4 0 0 1 0 11.6v2.1a8.4 8.4 0 0 0 0-15.8",
  camera:
    "M9.2 4.5 7.8 6.5H4.5A1.5 1.5 0 0 0 3 8v10a1.5 1.5 0 0 0 1.5 1.5h15A1.5 1.5 0 0 0 21 18V8a1.5 1.5 0 0 0-1.5-1.5h-3.3l-1.4-2zM12 8.6a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4m0 1.9a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6",
  captions:
    "M4 5h16a1.6 1.6 0 0 1 1.6 1.6v10.8A1.6 1.6 0 0 1 20 19H4a1.6 1.6 0 0 1-1.6-1.6V6.6A1.6 1.6 0 0 1 4 5m2 8.2v1.9h6.6v-1.9zm8.4 0v1.9H18v-1.9zM6 9.4v1.9h3.6V9.4zm5.4 0v1.9H18V9.4z",
  settings:
    "M10.2 2.5h3.6l.5 2.6 1.6.9 2.5-.9 1.8 3.1-2 1.8v2l2 1.8-1.8 3.1-2.5-.9-1.6.9-.5 2.6h-3.6l-.5-2.6-1.6-.9-2.5.9-1.8-3.1 2-1.8v-2l-2-1.8 1.8-3.1 2.5.9 1.6-.9zM12 8a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  cast: "M3 5h18v14h-7v-2h5V7H5v3H3zm0 7a7 7 0 0 1 7 7H8a5 5 0 0 0-5-5zm0 4a3 3 0 0 1 3 3H3z",
  back: "M15.4 5.4 14 4l-8 8 8 8 1.4-1.4L8.8 12z",
  next: "M8.6 5.4 10 4l8 8-8 8-1.4-1.4 6.6-6.6z",
  check: "m9.5 17.6-5-5L5.9 11l3.6 3.6L18.1 6l1.4 1.5z",
  close:
    "m6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z",
  copy: "M8 3h11a1 1 0 0 1 1 1v12h-2V5H8zM5 7h10a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1m1 2v10h8V9z",
  waiting:
    "M12 9.5a2 2 0 0 1 1 3.7V21h-2v-7.8a2 2 0 0 1 1-3.7M7.8 7.3l1.4 1.4a4 4 0 0 0 0 5.6l-1.4 1.4a6 6 0 0 1 0-8.4m8.4 0a6 6 0 0 1 0 8.4l-1.4-1.4a4 4 0 0 0 0-5.6zM5 4.5l1.4 1.4a8 8 0 0 0 0 11.2L5 18.5a10 10 0 0 1 0-14m14 0a10 10 0 0 1 0 14l-1.4-1.4a8 8 0 0 0 0-11.2z",
  ended: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18m0 2a7 7 0 1 0 0 14 7 7 0 0 0 0-14M9 9h6v6H9z",
  broken:
    "M4.3 2.9 21.1 19.7l-1.4 1.4-2.1-2.1H4a1 1 0 0 1-1-1V6q0-.4.2-.6l-.3-1.1zM5 7.8V17h9.2L10 12.8l-2 2v-4zM9.8 5H20a1 1 0 0 1 1 1v10.2l-2-2V7h-7.2z",
} as const;

/** Pictures on buttons and over the picture. */
export type IconName = keyof typeof PATHS;

/** A small picture, hidden from screen readers: what it stands on has the words. */
export function icon(name: IconName): SVGSVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", PATHS[name]);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}
