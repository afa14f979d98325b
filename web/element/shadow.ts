const SHEET = `
:host { display: block; position: relative; aspect-ratio: 16 / 9; background: var(--sluice-bg, #000); border-radius: var(--sluice-radius, 0); overflow: hidden; }
:host([hidden]) { display: none; }
:host(:fullscreen) { aspect-ratio: auto; border-radius: 0; }
.stage, .stage > *, .poster, .poster > *, .layer { position: absolute; inset: 0; width: 100%; height: 100%; }
.stage > *, .poster > * { object-fit: var(--sluice-object-fit, contain); }
.stage > :not(.still) { visibility: hidden; }
.stage > .on { visibility: visible; }
.poster, slot[name=offline], slot[name=error] { display: none; }
:host(:not([data-begun])) .poster { display: block; }
:host(:is([data-state=waiting], [data-state=ended], [data-state=offline])) slot[name=offline],
:host([data-state=error]) slot[name=error] { display: contents; }
`;

/** What is inside of an element. */
export type Shadow = {
  readonly root: ShadowRoot;
  /** Where the player is. */
  readonly stage: HTMLElement;
  /** In it, what is seen before the first picture. */
  readonly poster: HTMLSlotElement;
  /** Over the picture: the controls'. */
  readonly layer: HTMLElement;
};

/** Makes its parts and slots. */
export function furnish(host: HTMLElement): Shadow {
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet(); // a <style> would need leave of the page's policy
  sheet.replaceSync(SHEET);
  root.adoptedStyleSheets = [sheet];
  const [stage, still, layer] = [make("stage"), make("poster"), make("layer")];
  const poster = slot("poster");
  still.append(poster);
  root.append(stage, still, slot("offline"), slot("error"), layer);
  root.append(slot("top"), slot("bottom"), slot());
  return { root, stage, poster, layer };
}

/** A part of the element, by the same name for its own styles. */
function make(part: string): HTMLElement {
  const element = document.createElement("div");
  element.className = part;
  element.part.add(part);
  return element;
}

function slot(name = ""): HTMLSlotElement {
  const element = document.createElement("slot");
  element.name = name;
  return element;
}
