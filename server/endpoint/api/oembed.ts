import { z } from "zod";
import { encodePath } from "../../access/public-base.ts";
import { LIMITS } from "../../protocol/limits.ts";

/** How large a player is where nothing is known of the picture, CSS pixels. */
const USUAL = { width: 1280, height: 720 } as const;

/** What of a page's query goes on to the player in a frame: never a token. */
const SWITCHES = [
  ...["autoplay", "muted", "controls", "transport", "engine", "latency"],
  ...["lang", "accent", "stats", "t"],
];

/** The answer for a stream: the `video` type of oEmbed 1.0 (§2.3.4.2). */
export const oembedSchema: z.ZodType<OEmbed> = z.strictObject({
  version: z.literal("1.0"),
  type: z.literal("video"),
  title: z.string(),
  provider_name: z.string(),
  provider_url: z.string(),
  cache_age: z.int().describe("seconds"),
  width: z.int(),
  height: z.int(),
  html: z.string().describe("an iframe of /embed"),
});

/** See `oembedSchema`. */
export type OEmbed = {
  readonly version: "1.0";
  readonly type: "video";
  readonly title: string;
  readonly provider_name: string;
  readonly provider_url: string;
  readonly cache_age: number;
  readonly width: number;
  readonly height: number;
  readonly html: string;
};

/** What an answer needs to know of the server. */
export type OEmbedWorld = {
  /** Where who asks reaches us; undefined: that is not known. */
  readonly base: URL | undefined;
  readonly mayWatch: (streamPath: string) => boolean;
  /** Of the picture, where there is one. */
  readonly sizeOf: (
    streamPath: string,
  ) => { readonly width: number; readonly height: number } | undefined;
};

/** Why there is no answer: the API's error codes, with what HTTP says. */
export type OEmbedRefusal = {
  readonly status: 400 | 401 | 404 | 501;
  readonly code: "BAD_REQUEST" | "UNAUTHORIZED" | "NOT_FOUND" | "NOT_IMPLEMENTED";
  readonly message: string;
};

/**
 * Answers an oEmbed consumer that found the address of one of our pages.
 *
 * @see https://oembed.com §2.2 and §2.3
 */
export function answerOEmbed(
  query: URLSearchParams,
  { base, mayWatch, sizeOf }: OEmbedWorld,
): OEmbed | OEmbedRefusal {
  const format = query.get("format") ?? "json";
  if (format !== "json") {
    return refusal(501, "NOT_IMPLEMENTED", "Only format=json is answered here");
  }
  const url = query.get("url") ?? "";
  if (url.length > LIMITS.pageUrl || !URL.canParse(url)) {
    return refusal(400, "BAD_REQUEST", "url: the address of a page of this server is missing");
  }
  const bounds = [readSize(query.get("maxwidth")), readSize(query.get("maxheight"))] as const;
  if (bounds.includes("wrong")) {
    return refusal(400, "BAD_REQUEST", "maxwidth and maxheight are whole numbers of pixels");
  }
  const page = new URL(url);
  const streamPath = base === undefined ? undefined : streamPathOf(page, base);
  if (base === undefined || streamPath === undefined) {
    return refusal(404, "NOT_FOUND", "url is no page of a stream of this server");
  }
  if (!mayWatch(streamPath)) {
    return refusal(401, "UNAUTHORIZED", "This stream is not for everybody");
  }
  const [maxWidth, maxHeight] = bounds;
  const size = fitted(sizeOf(streamPath) ?? USUAL, Number(maxWidth), Number(maxHeight));
  const player = new URL(`embed/${encodePath(streamPath)}`, base);
  for (const name of SWITCHES) {
    const value = page.searchParams.get(name);
    if (value !== null && value.length <= LIMITS.switchValue) player.searchParams.set(name, value);
  }
  return {
    version: "1.0",
    type: "video",
    title: streamPath,
    provider_name: "Sluice",
    provider_url: base.href,
    cache_age: 3600,
    ...size,
    html: frame(player.href, streamPath, size),
  };
}

const refusal = (
  status: OEmbedRefusal["status"],
  code: OEmbedRefusal["code"],
  message: string,
): OEmbedRefusal => ({ status, code, message });

/** @returns Infinity where nothing is said */
function readSize(text: string | null): number | "wrong" {
  if (text === null || text === "") return Number.POSITIVE_INFINITY;
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : "wrong";
}

function streamPathOf(page: URL, base: URL): string | undefined {
  // Who copies an address may have come by plain HTTP, or by TLS: it is the same page.
  const isHere = /^https?:$/.test(page.protocol) && page.hostname === base.hostname;
  if (!isHere || !page.pathname.startsWith(base.pathname)) return undefined;
  const [kind, ...parts] = page.pathname.slice(base.pathname.length).split("/");
  if (kind !== "watch" && kind !== "embed") return undefined;
  if (parts.at(-1) === "") parts.pop();
  try {
    const streamPath = parts.map(decodeURIComponent).join("/");
    const isOne = parts.length >= 2 && !parts.some((part) => part === "" || /%2f/i.test(part));
    return isOne && streamPath.length <= LIMITS.streamPath ? streamPath : undefined;
  } catch {
    return undefined;
  }
}

function fitted(
  { width, height }: { readonly width: number; readonly height: number },
  maxWidth: number,
  maxHeight: number,
): { width: number; height: number } {
  const scale = Math.min(1, maxWidth / width, maxHeight / height);
  const scaled = (length: number) => Math.max(1, Math.floor(length * scale));
  return { width: scaled(width), height: scaled(height) };
}

function frame(src: string, title: string, { width, height }: { width: number; height: number }) {
  const text = (value: string) =>
    value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return (
    `<iframe src="${text(src)}" width="${width}" height="${height}" title="${text(title)}"` +
    ' allow="autoplay; fullscreen; picture-in-picture" allowfullscreen loading="lazy" frameborder="0"></iframe>'
  );
}
