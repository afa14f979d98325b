import type { LiveTrack } from "../../live/live-track.ts";
import { firstTrack } from "../../live/track-choice.ts";

/** Which tracks a file holds: the first of each kind, or those with these ids. */
export type Mp4Choice = { readonly tracks: "first" | readonly number[] };

/** More tracks than a live stream has need not be asked for. */
const MAX_IDS = 32;

/** The tracks of a live stream that somebody gets who chose so, pictures first. */
export function chosenTracks(
  tracks: readonly LiveTrack[],
  { tracks: choice }: Mp4Choice,
): LiveTrack[] {
  if (choice !== "first") {
    const chosen = tracks.filter(({ id }) => choice.includes(id));
    return chosen.sort((a, b) => rank(a) - rank(b) || a.id - b.id);
  }
  const first = [firstTrack(tracks, "video"), firstTrack(tracks, "audio")];
  return first.filter((live) => live !== undefined);
}

/** `?tracks=1,3`. @returns what is wrong, for people, where it cannot be read */
export function readMp4Choice(query: URLSearchParams): Mp4Choice | string {
  const text = query.get("tracks");
  if (text === null || text === "first") return { tracks: "first" };
  const ids = text.split(",", MAX_IDS + 1);
  const isList = ids.length <= MAX_IDS && ids.every((id) => /^[1-9]\d{0,8}$/.test(id));
  return isList ? { tracks: ids.map(Number) } : "tracks: ids of tracks, with commas between them";
}

const rank = ({ track }: LiveTrack): number => (track.mediaType === "video" ? 0 : 1);
