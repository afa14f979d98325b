import type { LatencyMode } from "../player/options.ts";

/** What somebody chose for their page. */
export type EmbedChoice = {
  readonly kind: "element" | "iframe";
  readonly autoplay: boolean;
  readonly muted: boolean;
  readonly controls: boolean;
  readonly latency: LatencyMode;
};

/** What the code points to. */
export type EmbedTarget = {
  /** Where the server's pages lie, as the viewer reaches them; ends in a slash. */
  readonly base: URL;
  readonly streamPath: string;
  /** Of the picture; 16:9 where there is none yet. */
  readonly width: number;
  readonly height: number;
};

/** HTML to be pasted into a page: as it is, for anybody's. */
export function embedCode(choice: EmbedChoice, target: EmbedTarget): string {
  return choice.kind === "iframe" ? iframeCode(choice, target) : elementCode(choice, target);
}

function elementCode(choice: EmbedChoice, { base, streamPath }: EmbedTarget): string {
  const source = new URL(`streams/${encodePath(streamPath)}`, base).href;
  const switches = [
    ...(choice.autoplay ? ["autoplay"] : []),
    ...(choice.muted ? ["muted"] : []),
    ...(choice.controls ? ["controls"] : []),
    ...(choice.latency === "low" ? [] : [`latency="${choice.latency}"`]),
  ];
  const attributes = [`src="${escapeText(source)}"`, ...switches].join(" ");
  const script = escapeText(new URL("player.js", base).href);
  return [
    `<script type="module" src="${script}"></script>`,
    `<sluice-player ${attributes}></sluice-player>`,
  ].join("\n");
}

function iframeCode(choice: EmbedChoice, { base, streamPath, ...size }: EmbedTarget): string {
  const source = new URL(`embed/${encodePath(streamPath)}`, base);
  const { searchParams } = source;
  if (choice.autoplay) searchParams.set("autoplay", "1");
  if (choice.muted) searchParams.set("muted", "1");
  if (!choice.controls) searchParams.set("controls", "0");
  if (choice.latency !== "low") searchParams.set("latency", choice.latency);
  const { width, height } = shapeOf(size);
  return (
    `<iframe src="${escapeText(source.href)}" width="${width}" height="${height}"` +
    ` title="${escapeText(streamPath)}" allow="autoplay; fullscreen; picture-in-picture"` +
    ' allowfullscreen loading="lazy" style="border: 0"></iframe>'
  );
}

/** 640 wide, in the shape of the picture. */
function shapeOf({ width, height }: { width: number; height: number }) {
  const ratio = width > 0 && height > 0 ? height / width : 9 / 16;
  return ratio > 1
    ? { width: Math.round(640 / ratio), height: 640 }
    : { width: 640, height: Math.round(640 * ratio) };
}

const encodePath = (streamPath: string): string =>
  streamPath.split("/").map(encodeURIComponent).join("/");

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" },
};

const escapeText = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
