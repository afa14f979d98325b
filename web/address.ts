/** What people paste who have found another of a stream's addresses first. */
const RESOURCES = /^(ws|index\.m3u8|live\.flv|live\.mp4|poster\.mp4)$/;

/** Where a stream's parts are found, whatever prefix a proxy put before us; with what lets a viewer in. */
export type StreamAddress = {
  /** `APP/NAME`, decoded. */
  readonly streamPath: string;
  readonly webSocket: string;
  readonly playlist: string;
  /** `GET`: the list of live streams. */
  readonly list: string;
};

/**
 * Addresses of one stream below `base`, which ends in a slash.
 *
 * @param token what lets the viewer in, where something is needed: `?token=` of each address
 * @param isPreview it only shows what there is: it is not to be counted as a viewer
 */
export function addressOf(
  base: URL,
  streamPath: string,
  token = "",
  isPreview = false,
): StreamAddress {
  const marks = [
    ...(token === "" ? [] : [`token=${encodeURIComponent(token)}`]),
    ...(isPreview ? ["preview=1"] : []),
  ];
  const query = marks.length === 0 ? "" : `?${marks.join("&")}`;
  const parts = streamPath.split("/").map(encodeURIComponent).join("/");
  const webSocket = new URL(`streams/${parts}/ws${query}`, base);
  webSocket.protocol = base.protocol === "https:" ? "wss:" : "ws:";
  return {
    streamPath,
    webSocket: webSocket.href,
    playlist: new URL(`streams/${parts}/index.m3u8${query}`, base).href,
    list: new URL("api/v1/streams", base).href,
  };
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * Takes the address of a stream apart, as it stands in `src`.
 *
 * @param source `/streams/APP/NAME`, absolute or relative; with anything behind it that lies beside a
 *   stream (`index.m3u8`, `ws`), that is left off
 * @returns undefined where no stream is named
 */
export function locateSource(source: URL): { base: URL; streamPath: string } | undefined {
  const at = source.pathname.lastIndexOf("/streams/") + 1;
  if (at === 0) return undefined;
  const parts = source.pathname
    .slice(at + "streams/".length)
    .split("/")
    .filter((part) => part !== "");
  if (parts.length > 2 && RESOURCES.test(parts.at(-1) ?? "")) parts.pop();
  if (parts.length < 2) return undefined;
  const base = new URL(source.pathname.slice(0, at), source);
  return { base, streamPath: parts.map(decodePart).join("/") };
}
