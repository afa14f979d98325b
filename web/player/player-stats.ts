import type { StreamState } from "../../server/protocol/wire/control.ts";
import type { ChoiceReason } from "../control/choice.ts";
import type { Playback } from "../engine/playback.ts";
import type { ThreadName, ThreadReason } from "../line/threads.ts";
import type { PlayerState } from "../ui/words.ts";
import type { FallbackReason } from "../webcodecs/fallback.ts";

/** What `Player.stats` says. Times in ms; undefined where it is not known. */
export type PlayerStats = {
  readonly state: PlayerState["name"];
  readonly streamState: StreamState | undefined;
  readonly transport: "websocket" | "hls" | undefined;
  readonly engine: Playback["engine"] | undefined;
  /** Why by these; undefined while nothing plays. */
  readonly reason: ChoiceReason | undefined;
  /** Server to screen, measured. */
  readonly delay: number | undefined;
  /** Encoder to server, where the encoder stamps its clock: `delay` and this are encoder to eye. */
  readonly encoderDelay: number | undefined;
  /** Whether that is all of the way, by both clocks; else only what it takes within the encoder. */
  readonly encoderDelayIsWhole: boolean;
  /** Media ahead of the playhead, and what is to be held of it. */
  readonly buffer: number;
  readonly target: number;
  /** Held more than by itself, for the sake of others in its group; within `target`. */
  readonly syncLead: number;
  readonly rate: number;
  readonly stalls: number;
  readonly jumps: number;
  /** Pictures the browser decoded too late, and those the server left out. */
  readonly droppedByBrowser: number;
  readonly droppedByServer: number;
  readonly shown: number;
  readonly codecs: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  /** bits/s */
  readonly bitrate: number;
  /** What B-frames add. */
  readonly reorderDelay: number;
  readonly jitter: number;
  /** ms that media stands in a queue on the way; undefined while nothing comes over the WebSocket. */
  readonly queued: number | undefined;
  readonly roundTrip: number | undefined;
  readonly clockOffset: number | undefined;
  /** Connections that came to something. */
  readonly connections: number;
  /** Where the WebSocket is read and MediaSource is filled, and why on the page. */
  readonly thread: ThreadName | undefined;
  readonly threadReason: ThreadReason | undefined;
  /** Playbacks built. */
  readonly builds: number;
  readonly errors: number;
  readonly lastError: string | undefined;
  /** Why WebCodecs was given up. */
  readonly fallback: FallbackReason | undefined;
  readonly paused: boolean;
  readonly muted: boolean;
  readonly soundBlocked: boolean;
};
