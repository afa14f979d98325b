import { LIMITS } from "../../protocol/limits.ts";
import type { ViewerMessage } from "../../protocol/wire/control.ts";

/** So many tracks a live stream can have. */
const MOST_TRACKS = LIMITS.videoTracks + LIMITS.audioTracks;

/** Reads one text message of a viewer. @returns undefined for what is none */
export function readViewerMessage(text: string): ViewerMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("type" in value)) return undefined;
  switch (value.type) {
    case "clock":
      if (!("sent" in value) || typeof value.sent !== "number") return undefined;
      return { type: "clock", sent: value.sent };
    case "select": {
      const tracks = "tracks" in value ? value.tracks : undefined;
      return isTrackList(tracks) ? { type: "select", tracks } : undefined;
    }
    case "queued":
      if (!("time" in value) || typeof value.time !== "number") return undefined;
      return { type: "queued", time: value.time };
    default:
      return undefined;
  }
}

/**
 * The tracks that a viewer asks for with its request: `?tracks=1,3`, or none at all: `?tracks=`.
 *
 * @returns undefined where it does not, or not like that
 */
export function readWantedTracks(requestTarget: string): readonly number[] | undefined {
  const query = requestTarget.split("?")[1] ?? "";
  const text = new URLSearchParams(query).get("tracks");
  if (text === null || !/^(\d{1,5}(,\d{1,5})*)?$/.test(text)) return undefined;
  if (text === "") return [];
  const tracks = text.split(",").map(Number);
  return isTrackList(tracks) ? tracks : undefined;
}

const isTrackList = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= MOST_TRACKS && value.every(Number.isSafeInteger);
