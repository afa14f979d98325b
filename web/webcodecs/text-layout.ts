import { type CueLayout, readCueSettings } from "../control/cue-settings.ts";
import type { TimedText } from "../control/text-cues.ts";

/** Lines that a picture has room for, where a text counts them. */
const LINES = 18;

// A page's policy may forbid style attributes and elements, not what a script sets.
const LAYER = {
  position: "absolute",
  inset: "0",
  overflow: "hidden",
  pointerEvents: "none",
  containerType: "size",
  color: "#fff",
  fontFamily: "system-ui, sans-serif",
  lineHeight: "1.3",
};

/** As the viewer chose in the controls, where there are any. */
const WORDS = {
  padding: "0.05em 0.3em",
  color: "var(--sluice-caption-color, #fff)",
  fontSize: "var(--sluice-caption-size, 100%)",
  background: "var(--sluice-caption-background, rgb(0 0 0 / 78%))",
  textShadow: "var(--sluice-caption-shadow, none)",
};

/** Puts these texts, and no others, into a layer over the picture (WebVTT §7, without its regions). */
export function layOut(layer: HTMLElement, texts: readonly TimedText[]): void {
  Object.assign(layer.style, LAYER);
  const bottom = document.createElement("div");
  Object.assign(bottom.style, { position: "absolute", inset: "auto 0 3% 0" });
  const lines: HTMLElement[] = [bottom];
  for (const { text, settings } of texts) {
    const layout = readCueSettings(settings);
    const line = lineOf(text, layout);
    // Without a place of their own they stand above each other.
    if (layout.line === undefined) bottom.append(line);
    else lines.push(line);
  }
  layer.replaceChildren(...lines);
}

function lineOf(text: string, layout: CueLayout): HTMLElement {
  const { line, align = "center", vertical } = layout;
  const element = document.createElement("div");
  const { left, width } = spanOf(layout);
  Object.assign(element.style, {
    position: line === undefined ? "relative" : "absolute",
    left: `${left}%`,
    width: `${width}%`,
    textAlign: align,
    whiteSpace: "pre-line",
    overflowWrap: "break-word",
    fontSize: "max(12px, 5cqmin)",
  });
  if (vertical !== undefined) {
    element.style.writingMode = vertical === "rl" ? "vertical-rl" : "vertical-lr";
  }
  if (line !== undefined) Object.assign(element.style, heightOf(line, layout));
  const words = document.createElement("span");
  Object.assign(words.style, WORDS);
  // The browser's own reading of WebVTT: what strangers write becomes text, never markup of theirs.
  words.append(new VTTCue(0, 1, text).getCueAsHTML());
  element.append(words);
  return element;
}

/** Percents of the picture's width (WebVTT §7.2, step 5). */
function spanOf({ align, position, positionAlign, size = 100 }: CueLayout): {
  readonly left: number;
  readonly width: number;
} {
  const isLeft = align === "start" || align === "left";
  const isRight = align === "end" || align === "right";
  const at = position ?? (isLeft ? 0 : isRight ? 100 : 50);
  switch (positionAlign ?? (isLeft ? "line-left" : isRight ? "line-right" : "center")) {
    case "line-left":
      return { left: at, width: Math.min(size, 100 - at) };
    case "line-right": {
      const width = Math.min(size, at);
      return { left: at - width, width };
    }
    default: {
      const width = Math.min(size, 2 * Math.min(at, 100 - at));
      return { left: at - width / 2, width };
    }
  }
}

function heightOf(line: number, { snapToLines, lineAlign = "start" }: CueLayout) {
  const counted = line < 0 ? LINES + line : line;
  const percent = snapToLines === false ? line : (counted * 100) / LINES;
  const shift = { start: "0", center: "-50%", end: "-100%" }[lineAlign];
  return { top: `${percent}%`, translate: `0 ${shift}` };
}
