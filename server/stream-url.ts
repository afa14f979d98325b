import { LIMITS } from "./protocol/limits.ts";
import { isStreamPathPart } from "./protocol/rtmp/stream-name.ts";

/** Where a URL under `/streams/` points to. */
export type StreamUrl = {
  /** `APP/NAME`, decoded. */
  readonly streamPath: string;
  /** The last part: `index.m3u8`, `ws`. */
  readonly resource: string;
};

const PREFIX = "/streams/";

/**
 * Reads a request target `/streams/APP/NAME/RESOURCE?QUERY`. The last part is the resource, the one
 * before it NAME, the rest APP, of one or more parts.
 *
 * @returns undefined where it points elsewhere, or nowhere (bad escapes included)
 */
export function readStreamUrl(target: string): StreamUrl | undefined {
  const path = target.split("?", 1)[0] ?? "";
  if (!path.startsWith(PREFIX)) return undefined;
  const parts: string[] = [];
  for (const part of path.slice(PREFIX.length).split("/")) {
    const decoded = decode(part);
    if (decoded === undefined || decoded === "" || decoded.includes("/")) return undefined;
    parts.push(decoded);
  }
  const resource = parts.pop();
  if (!parts.every(isStreamPathPart)) return undefined;
  const streamPath = parts.join("/");
  if (resource === undefined || parts.length < 2) return undefined;
  if (streamPath.length > LIMITS.streamPath) return undefined;
  return { streamPath, resource };
}

/**
 * Whether who asks says that it only shows what there is (`?preview=1`), as a wall of many streams does: it
 * is not counted as a viewer.
 */
export const isPreview = (target: string): boolean =>
  new URLSearchParams(target.split("?")[1] ?? "").get("preview") === "1";

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
