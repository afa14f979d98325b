import type { StreamState } from "../../server/protocol/wire/control.ts";
import type { ChoiceReason } from "../control/choice.ts";
import type { Playback } from "../engine/playback.ts";
import type { Surface } from "../engine/surface.ts";
import type { ThreadName, ThreadReason } from "../line/threads.ts";
import type { PlayerState } from "../ui/words.ts";
import type { FallbackReason } from "../webcodecs/fallback.ts";
import type { Course } from "./course.ts";
import type { ServerNews } from "./server-news.ts";

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

/** What they are read from. */
export type StatsSources = {
  readonly course: Course;
  readonly news: ServerNews;
  /** Seconds held for others' sake. */
  readonly syncLead: number;
  readonly surface: Surface;
} & Pick<PlayerStats, "state" | "paused" | "muted" | "soundBlocked">;

/** Everything that can be measured, now. */
export function readStats({
  course,
  news,
  syncLead,
  surface,
  ...known
}: StatsSources): PlayerStats {
  const { line, tracks, errors } = course;
  const { current, builds } = course.succession;
  const figures = current?.figures;
  const { bitrate, frameRate, roundTrip, clockOffset, reading } = line.figures;
  const isHls = current?.transport === "hls";
  const listed = isHls ? tracks.listed : undefined;
  const pictures = listed?.tracks ?? tracks.played;
  const listedRate = pictures.find(({ mediaType }) => mediaType === "video")?.frameRate;
  const { encoder } = news;
  return {
    ...known,
    streamState: news.streamState,
    transport: current?.transport,
    engine: current?.engine,
    reason: current && course.ways.reasonOf(current, performance.now()),
    delay: figures?.delay,
    encoderDelay: encoder?.whole ?? encoder?.inside ?? undefined,
    encoderDelayIsWhole: typeof encoder?.whole === "number",
    // Sound goes on where pictures are left out, past the newest one.
    buffer: Math.max(0, figures?.ahead ?? 0) * 1_000,
    target: (figures?.target ?? 0) * 1_000,
    syncLead: syncLead * 1_000,
    rate: figures?.rate ?? 1,
    stalls: figures?.stalls ?? 0,
    jumps: figures?.jumps ?? 0,
    droppedByBrowser: surface.dropped,
    droppedByServer: news.dropped,
    shown: surface.shown,
    codecs: tracks.played.map(({ codec }) => codec),
    width: surface.width,
    height: surface.height,
    frameRate: isHls ? (listedRate ?? 0) : frameRate,
    bitrate: isHls ? (listed?.bitrate ?? 0) : bitrate,
    reorderDelay: figures?.reorderDelay ?? 0,
    jitter: figures?.jitter ?? 0,
    queued: reading.lateness,
    roundTrip,
    clockOffset,
    connections: line.connections,
    thread: line.thread,
    threadReason: line.threadReason,
    builds,
    errors: errors.count,
    lastError: errors.last,
    fallback: course.fallback,
  };
}
