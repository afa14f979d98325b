import { expect, test } from "vitest";
import { captionCss, PLAIN, readCaptionStyle } from "../../../web/controls/caption-style.ts";

test.each([
  [null, PLAIN],
  ["{", PLAIN],
  ["7", PLAIN],
  ['{"textSize":"large","textColour":"url(x)"}', { ...PLAIN, textSize: "large" }],
  [
    '{"textSize":"toString","textColour":"yellow","textBackground":"none"}',
    { ...PLAIN, textColour: "yellow", textBackground: "none" },
  ],
])("readCaptionStyle(%j) is %j", (kept, style) => {
  expect(readCaptionStyle(kept)).toEqual(style);
});

test("captionCss gives texts an edge where they have no background", () => {
  expect(captionCss(PLAIN)).toContain("text-shadow: none");
  const css = captionCss({ textSize: "veryLarge", textColour: "yellow", textBackground: "none" });
  expect(css).toContain("font-size: 200%");
  expect(css).toContain("color: #ff0");
  expect(css).toContain("text-shadow: 0 0 3px");
});
