/** What can be chosen, and what it is in CSS. */
export const CAPTION_STYLES = {
  textSize: { small: "75%", medium: "100%", large: "150%", veryLarge: "200%" },
  textColour: { white: "#fff", yellow: "#ff0", green: "#0f0", cyan: "#0ff" },
  textBackground: { black: "#000", translucent: "rgb(0 0 0 / 78%)", none: "transparent" },
} as const;

/** How captions look: a choice of each. */
export type CaptionStyle = {
  readonly [Name in keyof typeof CAPTION_STYLES]: keyof (typeof CAPTION_STYLES)[Name] & string;
};

/** As long as nobody chose. */
export const PLAIN: CaptionStyle = {
  textSize: "medium",
  textColour: "white",
  textBackground: "translucent",
};

/** Where the choice is kept, from page to page. */
const KEPT = "sluice.caption-style";

/** Reads what was kept: whatever of it is no choice of ours is as if nobody chose. */
export function readCaptionStyle(kept: string | null): CaptionStyle {
  let value: unknown;
  try {
    value = JSON.parse(kept ?? "null");
  } catch {
    value = undefined;
  }
  const style: Record<string, string> = { ...PLAIN };
  for (const [name, choices] of Object.entries(CAPTION_STYLES)) {
    const choice: unknown =
      typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
    if (typeof choice === "string" && Object.hasOwn(choices, choice)) style[name] = choice;
  }
  return style as CaptionStyle;
}

/** As rules for the tree that the `<video>` is in, and for texts that are written without one. */
export function captionCss({ textSize, textColour, textBackground }: CaptionStyle): string {
  const size = CAPTION_STYLES.textSize[textSize];
  const colour = CAPTION_STYLES.textColour[textColour];
  const background = CAPTION_STYLES.textBackground[textBackground];
  // Without a background it needs an edge.
  const shadow = textBackground === "none" ? "0 0 3px #000, 0 1px 2px #000" : "none";
  return `video::cue { font-size: ${size}; color: ${colour}; background: ${background}; text-shadow: ${shadow}; }
:host {
  --sluice-caption-size: ${size};
  --sluice-caption-color: ${colour};
  --sluice-caption-background: ${background};
  --sluice-caption-shadow: ${shadow};
}`;
}

/** A page may be denied its storage. */
export function recallCaptionStyle(): CaptionStyle {
  try {
    return readCaptionStyle(localStorage.getItem(KEPT));
  } catch {
    return PLAIN;
  }
}

/** Keeps it for the pages to come. */
export function keepCaptionStyle(style: CaptionStyle): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(style));
  } catch {
    // It is forgotten with the page.
  }
}
