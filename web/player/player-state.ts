import type { StreamState } from "../../server/protocol/wire/control.ts";
import type { Playback } from "../engine/playback.ts";
import type { PlayerState } from "../ui/words.ts";
import type { PlayerTracks } from "./player-tracks.ts";

/** What a state is read from. */
export type StateSigns = {
  /** As the server told last. */
  readonly stream: StreamState | undefined;
  /** Whether the WebSocket is up, was up ever, and answers. */
  readonly isUp: boolean;
  readonly hasBeenUp: boolean;
  readonly isSilent: boolean;
  /** Whether the server is reached by HTTP. */
  readonly isReached: boolean;
  /** The server does not let this viewer in. */
  readonly isRefused: boolean;
  /** Nobody asked to see it yet. */
  readonly isStandby: boolean;
  /** Whether the past is played, or about to be. */
  readonly isRewound: boolean;
  readonly current: Playback | undefined;
  readonly tracks: Pick<PlayerTracks, "playable">;
};

/** Where a player stands, as people may know it. */
export function stateOf(signs: StateSigns): PlayerState {
  const { stream, isUp, current } = signs;
  if (signs.isRefused) return { name: "forbidden" };
  // What plays over the WebSocket stands still without it, whatever HTTP still says.
  const isStill = current?.transport === "websocket" && stream === "live";
  if (!isUp && (!signs.isReached || isStill)) {
    return signs.hasBeenUp ? { name: "reconnecting", whose: "viewer" } : { name: "connecting" };
  }
  const isPast = signs.isRewound && current?.transport === "hls";
  if (isPast && current.isReady) return { name: "live" };
  if (signs.isSilent) return { name: "reconnecting", whose: "viewer" };
  if (stream === "waiting" || stream === "ended") return { name: stream };
  if (stream === "reconnecting") return { name: "reconnecting", whose: "publisher" };
  if (stream === "live") {
    if (signs.isStandby) return { name: "idle" };
    const { isAnything, unsupported, unplayable } = signs.tracks.playable;
    const isToldWhy = unsupported.length + unplayable.length > 0;
    if (!isAnything && isToldWhy) return { name: "unplayable", unsupported, unplayable };
    if (current?.isReady && !current.isStarved) return { name: "live" };
  }
  return { name: "connecting" };
}
