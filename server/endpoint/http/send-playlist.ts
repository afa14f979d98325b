import { chooseCoding } from "./content-coding.ts";
import { COMMON_HEADERS, type Exchange, matches } from "./exchange.ts";
import type { RenderedPlaylist } from "./rendered-playlist.ts";

const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";

/** Answers with a playlist, packed as the client likes it. */
export function sendPlaylist(
  { request, response, isHead }: Exchange,
  playlist: RenderedPlaylist,
  cacheControl: string,
): void {
  const coding = chooseCoding(request.headers["accept-encoding"]);
  const isPlain = coding === "identity";
  const etag = isPlain ? `"${playlist.tag}"` : `"${playlist.tag}-${coding}"`;
  const headers = {
    ...COMMON_HEADERS,
    "Content-Type": PLAYLIST_TYPE,
    "Cache-Control": cacheControl,
    Vary: "Accept-Encoding",
    ETag: etag,
  };
  if (matches(request.headers["if-none-match"], etag)) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  const body = playlist.packed(coding);
  response.writeHead(200, {
    ...headers,
    ...(isPlain ? {} : { "Content-Encoding": coding }),
    "Content-Length": body.length,
  });
  response.end(isHead ? undefined : body);
}
