import { join } from "node:path";
import express from "express";
import { BASE_HEADERS, encodePath, publicBase } from "../../access/public-base.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { attributes, contentSecurityPolicy, escapeHtml, Markup, Page } from "./page.ts";
import { pageLanguage } from "./page-language.ts";
import { type PlayerSwitches, readPlayerSwitches } from "./player-switches.ts";

/** How large an embedded player is where nobody says it, CSS pixels. */
const WIDTH = 1280;
const HEIGHT = 720;

/** What the pages of one stream are made of. */
export type StreamPagesOptions = {
  readonly publicDir: string;
  /** Who may show `/embed` in a frame: `*`, `none`, or origins, `self` among them. */
  readonly embedOrigins: readonly string[];
};

/** The pages of one stream: `/watch/APP/NAME` and `/embed/APP/NAME`. */
export function streamPages({ publicDir, embedOrigins }: StreamPagesOptions): express.Router {
  const router = express.Router({ caseSensitive: true });
  const watch = new Page(join(publicDir, "watch.html"));
  const embed = new Page(join(publicDir, "embed.html"));
  const embedAncestors = embedOrigins.includes("*")
    ? undefined
    : embedOrigins.map((one) => (one === "self" || one === "none" ? `'${one}'` : one));

  router.get("/watch/*path", (request, response, next) => {
    const streamPath = streamPathOf(request);
    if (streamPath === undefined) return next();
    const switches = readPlayerSwitches(queryOf(request), { autoplay: true, controls: true });
    const values = {
      streamPath,
      player: playerAttributes(streamPath, switches),
      head: headTags(streamPath, publicBase(request)),
    };
    const headers = {
      Vary: `${BASE_HEADERS}, Accept-Language`,
      ...headersFor(switches, ["'self'"]),
    };
    const language = pageLanguage(switches.lang, request.headers["accept-language"]);
    return watch.send(request, response, { values, language, headers });
  });

  router.get("/embed/*path", (request, response, next) => {
    const streamPath = streamPathOf(request);
    if (streamPath === undefined) return next();
    const switches = readPlayerSwitches(queryOf(request), { autoplay: false, controls: true });
    const values = {
      streamPath,
      player: playerAttributes(streamPath, switches),
      watch: `watch/${encodePath(streamPath)}`,
    };
    const headers = {
      Vary: `${BASE_HEADERS}, Accept-Language`,
      ...headersFor(switches, embedAncestors, publicBase(request)?.origin),
      "Cross-Origin-Resource-Policy": "cross-origin",
    };
    const language = pageLanguage(switches.lang, request.headers["accept-language"]);
    return embed.send(request, response, { values, language, headers });
  });
  return router;
}

/** @returns undefined where the address names no stream */
function streamPathOf(request: express.Request): string | undefined {
  const parts = [request.params["path"] ?? []].flat().filter((part) => part !== "");
  const streamPath = parts.join("/");
  const isOne = parts.length >= 2 && !parts.some((part) => /^\.\.?$|\//.test(part));
  return isOne && streamPath.length <= LIMITS.streamPath ? streamPath : undefined;
}

const queryOf = ({ url }: express.Request): URLSearchParams =>
  new URLSearchParams(url.split("?").slice(1).join("?"));

function playerAttributes(streamPath: string, switches: PlayerSwitches): Markup {
  return attributes({ src: `streams/${encodePath(streamPath)}`, ...switches });
}

function headersFor(
  { poster, token }: PlayerSwitches,
  frameAncestors: readonly string[] | undefined,
  self?: string,
): Record<string, string> {
  const images = poster === undefined ? [] : [new URL(poster).origin];
  return {
    "Content-Security-Policy": contentSecurityPolicy({ frameAncestors, images, self }),
    // It stands in the page.
    ...(token !== undefined && { "Cache-Control": "private, no-store" }),
  };
}

/** What other sites read: OpenGraph, Twitter's player card, and where oEmbed is to be had. */
function headTags(streamPath: string, base: URL | undefined): Markup {
  const meta = (kind: "property" | "name", name: string, content: string) =>
    `<meta ${kind}="${name}" content="${escapeHtml(content)}">`;
  const title = `${streamPath} · live`;
  const described = "A live broadcast, played in the browser with very little delay.";
  const tags = [
    meta("property", "og:title", title),
    meta("property", "og:description", described),
    meta("property", "og:type", "video.other"),
    meta("property", "og:site_name", "Sluice"),
    meta("name", "description", described),
  ];
  // These need whole addresses, and nobody told us ours.
  if (base === undefined) return new Markup(tags.join("\n    "));
  const path = encodePath(streamPath);
  const page = new URL(`watch/${path}`, base).href;
  const player = new URL(`embed/${path}`, base).href;
  const size = [String(WIDTH), String(HEIGHT)] as const;
  const oembed = new URL(
    `api/v1/oembed?${new URLSearchParams({ url: page, format: "json" })}`,
    base,
  );
  tags.push(
    meta("property", "og:url", page),
    meta("property", "og:video:url", player),
    ...(base.protocol === "https:" ? [meta("property", "og:video:secure_url", player)] : []),
    meta("property", "og:video:type", "text/html"),
    meta("property", "og:video:width", size[0]),
    meta("property", "og:video:height", size[1]),
    meta("name", "twitter:card", "player"),
    meta("name", "twitter:title", title),
    meta("name", "twitter:description", described),
    meta("name", "twitter:player", `${player}?autoplay=muted`),
    meta("name", "twitter:player:width", size[0]),
    meta("name", "twitter:player:height", size[1]),
    `<link rel="canonical" href="${escapeHtml(page)}">`,
    `<link rel="alternate" type="application/json+oembed" href="${escapeHtml(oembed.href)}" title="${escapeHtml(title)}">`,
  );
  return new Markup(tags.join("\n    "));
}
