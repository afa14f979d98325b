import { expect, test } from "vitest";
import { type EmbedChoice, embedCode } from "../../../web/watch/embed-code.ts";

const choice: EmbedChoice = {
  ...{ kind: "iframe", autoplay: true, muted: true, controls: true, latency: "low" },
};
const target = { base: new URL("https://tv.example/p/"), streamPath: "live/demo" };
const size = { width: 1920, height: 1080 };
const code = (given: Partial<EmbedChoice> = {}, streamPath = "live/demo", shape = size) =>
  embedCode({ ...choice, ...given }, { ...target, streamPath, ...shape });

test("embedCode makes a frame", () => {
  expect(code()).toBe(
    '<iframe src="https://tv.example/p/embed/live/demo?autoplay=1&amp;muted=1" width="640" height="360" title="live/demo" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen loading="lazy" style="border: 0"></iframe>',
  );
  const bare = code({ autoplay: false, muted: false, controls: false, latency: "instant" });
  expect(bare).toContain(
    'src="https://tv.example/p/embed/live/demo?controls=0&amp;latency=instant"',
  );
});

test("embedCode makes an element and what it needs", () => {
  expect(code({ kind: "element" })).toBe(
    `<script type="module" src="https://tv.example/p/player.js"></script>
<sluice-player src="https://tv.example/p/streams/live/demo" autoplay muted controls></sluice-player>`,
  );
  const bare = { kind: "element", autoplay: false, muted: false, controls: false } as const;
  expect(code({ ...bare, latency: "smooth" })).toContain(
    '<sluice-player src="https://tv.example/p/streams/live/demo" latency="smooth">',
  );
});

test("embedCode keeps the shape of the picture", () => {
  expect(code({}, "live/demo", { width: 1080, height: 1920 })).toContain(
    'width="360" height="640"',
  );
  expect(code({}, "live/demo", { width: 0, height: 0 })).toContain('width="640" height="360"');
});

test.each(["iframe", "element"] as const)("embedCode escapes names, as %s", (kind) => {
  const made = code({ kind }, 'live/"><script>alert(1)</script>&');
  expect(made).not.toContain('"><script>alert');
  expect(made).not.toMatch(/&(?!amp;|lt;|gt;|quot;)/);
});
