/** What a name beside a recording's `index.m3u8` asks for. */
export type RecordingResource =
  | { readonly type: "multivariant" | "file" | "poster" }
  | { readonly type: "playlist"; readonly trackId: number }
  | { readonly type: "track"; readonly trackId: number; readonly isPacked: boolean };

/** Where a URL under `/recordings/` points to. */
export type RecordingUrl = { readonly id: string; readonly resource: RecordingResource };

const PATTERN = /^\/recordings\/([0-9A-Za-z-]{1,80})\/([0-9a-z.]{1,20})$/;
const TRACK = /^t(\d{1,9})\.(m3u8|mp4|mp3)$/;

/** Reads a request target. @returns undefined where it points elsewhere */
export function readRecordingUrl(target: string): RecordingUrl | undefined {
  const [, id = "", name = ""] = PATTERN.exec(target.split("?", 1)[0] ?? "") ?? [];
  const resource = readResource(name);
  return resource === undefined ? undefined : { id, resource };
}

function readResource(name: string): RecordingResource | undefined {
  switch (name) {
    case "index.m3u8":
      return { type: "multivariant" };
    case "recording.mp4":
      return { type: "file" };
    case "poster.mp4":
      return { type: "poster" };
  }
  const [, number, ending] = TRACK.exec(name) ?? [];
  if (number === undefined) return undefined;
  const trackId = Number(number);
  if (ending === "m3u8") return { type: "playlist", trackId };
  return { type: "track", trackId, isPacked: ending === "mp3" };
}

/** @returns the name of a track's media playlist */
export const playlistName = (trackId: number): string => `t${trackId}.m3u8`;

/** @returns the name of a track's media, as one file */
export const trackName = (trackId: number, isPacked: boolean): string =>
  `t${trackId}.${isPacked ? "mp3" : "mp4"}`;
