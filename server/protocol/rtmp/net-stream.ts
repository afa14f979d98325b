import type { StatusLevel } from "./command.ts";
import type { StreamName } from "./stream-name.ts";

/** What a publisher asked for. */
export type Publication = StreamName & {
  /** The name as it was sent, which later commands repeat; it may hold secrets. */
  readonly publishName: string;
  /** "live" for those who want no recording, or say nothing; all are treated as live. */
  readonly publishType: PublishType;
};

/** RTMP 1.0 §7.2.2.6. */
export type PublishType = "live" | "record" | "append";

/** What a player asked for: play (RTMP 1.0 §7.2.2.1) or play2 (§7.2.2.2). Everything is live here. */
export type Playback = StreamName & {
  /** The name as it was sent; it may hold secrets. */
  readonly playName: string;
  /** The client wants to be told that what it played before is over: Play.Reset. */
  readonly isReset: boolean;
  /** play2: the client changes over from what it plays. */
  readonly isTransition: boolean;
};

/** How a broadcast, or the watching of one, was ended by command. */
export type EndReason =
  | "FCUnpublish"
  | "closeStream"
  | "deleteStream"
  | "publish-false"
  | "play-false"
  | "close";

/** What of a broadcast a player wants to get (receiveAudio, receiveVideo; RTMP 1.0 §7.2.2.4). */
export type Wanted = { readonly audio: boolean; readonly video: boolean };

/** One NetStream (RTMP 1.0 §7.2.2): a value. `onInput` gives the next one, and what is to be done. */
export type NetStream =
  | { readonly name: "idle" }
  | { readonly name: "asking"; readonly publication: Publication } // publish heard, the caller decides
  | { readonly name: "publishing"; readonly publication: Publication }
  | { readonly name: "asking-to-play"; readonly playback: Playback } // likewise play
  | {
      readonly name: "playing";
      readonly playback: Playback;
      readonly isPaused: boolean;
      readonly wanted: Wanted;
    };

/** What happens to a NetStream: commands of the client, decisions of the caller, and what it tells. */
export type NetStreamInput =
  | { readonly type: "publish"; readonly publication: Publication }
  | { readonly type: "play"; readonly playback: Playback }
  | { readonly type: "accept" }
  | { readonly type: "refuse"; readonly code: string; readonly description: string }
  | { readonly type: "end"; readonly reason: EndReason }
  | { readonly type: "pause"; readonly isPaused: boolean }
  | { readonly type: "seek" }
  | { readonly type: "receive"; readonly kind: keyof Wanted; readonly isWanted: boolean }
  /** What is being played is published now, or no more. */
  | { readonly type: "published" }
  | { readonly type: "unpublished" };

/** What is to be done about it, in this order. */
export type NetStreamEffect =
  | { readonly type: "ask"; readonly publication: Publication }
  | { readonly type: "ask-to-play"; readonly playback: Playback }
  /** User control StreamBegin, before the status. */
  | { readonly type: "begin" }
  /** Data message onPlayStatus, and user control StreamEOF. */
  | { readonly type: "end-of-stream" }
  /** The chunk size of what is played, before any of it. */
  | { readonly type: "play-chunk-size" }
  /** Data message |RtmpSampleAccess: Flash's permission to read pixels and sound. */
  | { readonly type: "sample-access" }
  | {
      readonly type: "status";
      readonly level: StatusLevel;
      readonly code: string;
      readonly description: string;
    }
  | { readonly type: "unpublish"; readonly reason: EndReason }
  | { readonly type: "stop-playing"; readonly reason: EndReason | "play" }
  /** Nothing more of it is sent. */
  | { readonly type: "pause" }
  /** It is sent again, from the newest sync sample on. */
  | { readonly type: "resume" }
  | { readonly type: "receive"; readonly wanted: Wanted }
  | { readonly type: "close-after-flush" }
  /** The same, unless the connection uses another message stream. */
  | { readonly type: "close-if-unused" };

/** The next state, and what is to be done. */
export type NetStreamStep = {
  readonly stream: NetStream;
  readonly effects: readonly NetStreamEffect[];
};

/** What every message stream begins as, and comes back to. */
export const IDLE: NetStream = { name: "idle" };

/** Takes one step. Inputs that mean nothing in a state leave it as it is, without effects. */
export function onInput(stream: NetStream, input: NetStreamInput): NetStreamStep {
  switch (input.type) {
    case "publish": {
      const { publication } = input;
      if (stream.name !== "idle") {
        return step(stream, status("error", "NetStream.Publish.BadName", inUse(stream)));
      }
      return step({ name: "asking", publication }, { type: "ask", publication });
    }
    case "play": {
      const { playback } = input;
      const ask: NetStreamEffect = { type: "ask-to-play", playback };
      const asking: NetStream = { name: "asking-to-play", playback };
      if (stream.name === "idle") return step(asking, ask);
      if (stream.name === "playing") {
        return step(asking, { type: "stop-playing", reason: "play" }, ask);
      }
      return step(stream, status("error", "NetStream.Play.Failed", inUse(stream)));
    }
    case "accept":
      return onAccept(stream);
    case "refuse": {
      const { code, description } = input;
      const refusal = status("error", code, description);
      if (stream.name === "asking") return step(IDLE, refusal, { type: "close-after-flush" });
      if (stream.name === "asking-to-play") return step(IDLE, refusal, { type: "close-if-unused" });
      // What was waited for did not come, or may not be watched any more.
      if (stream.name === "playing") {
        const stop: NetStreamEffect = { type: "stop-playing", reason: "play" };
        return step(IDLE, refusal, stop, { type: "close-if-unused" });
      }
      return step(stream);
    }
    case "end":
      return onEnd(stream, input.reason);
    default:
      return stream.name === "playing" ? onPlaying(stream, input) : step(stream);
  }
}

function onAccept(stream: NetStream): NetStreamStep {
  if (stream.name === "asking") {
    const { publication } = stream;
    return step(
      { name: "publishing", publication },
      { type: "begin" },
      status("status", "NetStream.Publish.Start", `${publication.streamPath} is now published`),
    );
  }
  if (stream.name !== "asking-to-play") return step(stream);
  const { playback } = stream;
  const { streamPath, isReset, isTransition } = playback;
  const wanted = { audio: true, video: true };
  const reset = status("status", "NetStream.Play.Reset", `Playing and resetting ${streamPath}`);
  const transition = status("status", "NetStream.Play.Transition", `Changed to ${streamPath}`);
  return step(
    { name: "playing", playback, isPaused: false, wanted },
    { type: "play-chunk-size" },
    { type: "begin" },
    ...(isReset ? [reset] : []),
    ...(isTransition ? [transition] : []),
    status("status", "NetStream.Play.Start", `Started playing ${streamPath}`),
    { type: "sample-access" },
  );
}

function onEnd(stream: NetStream, reason: EndReason): NetStreamStep {
  switch (stream.name) {
    case "idle":
      return step(stream);
    case "asking":
    case "publishing": {
      const unpublish: NetStreamEffect = { type: "unpublish", reason };
      // A stream that is deleted has no place for a status any more.
      if (reason === "deleteStream" || reason === "close") return step(IDLE, unpublish);
      const description = `${stream.publication.streamPath} is no longer published`;
      return step(IDLE, unpublish, status("status", "NetStream.Unpublish.Success", description));
    }
    case "asking-to-play":
    case "playing":
      return step(IDLE, { type: "stop-playing", reason });
  }
}

type Playing = Extract<NetStream, { name: "playing" }>;
type PlayingInput = Exclude<
  NetStreamInput,
  { type: "publish" | "play" | "accept" | "refuse" | "end" }
>;

function onPlaying(stream: Playing, input: PlayingInput): NetStreamStep {
  const { streamPath } = stream.playback;
  switch (input.type) {
    case "pause": {
      const { isPaused } = input;
      if (isPaused) {
        const paused = status("status", "NetStream.Pause.Notify", `Pausing ${streamPath}`);
        return step({ ...stream, isPaused }, { type: "pause" }, paused);
      }
      const unpaused = status("status", "NetStream.Unpause.Notify", `Unpausing ${streamPath}`);
      return step({ ...stream, isPaused }, unpaused, { type: "resume" });
    }
    case "seek": {
      // There is nowhere to go, but FFmpeg and librtmp drop all they get until they are told.
      const found = status("status", "NetStream.Seek.Notify", `${streamPath} is live: it goes on`);
      const started = status("status", "NetStream.Play.Start", `Started playing ${streamPath}`);
      if (stream.isPaused) return step(stream, found);
      return step(stream, found, started, { type: "resume" });
    }
    case "receive": {
      const { kind, isWanted } = input;
      const wanted = { ...stream.wanted, [kind]: isWanted };
      const receive: NetStreamEffect = { type: "receive", wanted };
      if (!isWanted) return step({ ...stream, wanted }, receive);
      return step(
        { ...stream, wanted },
        status("status", "NetStream.Seek.Notify", `${streamPath}: ${kind} is sent`),
        status("status", "NetStream.Play.Start", `Started playing ${streamPath}`),
        receive,
      );
    }
    case "published":
      return step(
        stream,
        { type: "begin" },
        status("status", "NetStream.Play.PublishNotify", `${streamPath} is now published`),
      );
    case "unpublished":
      return step(
        stream,
        status("status", "NetStream.Play.UnpublishNotify", `${streamPath} is no longer published`),
        { type: "end-of-stream" },
      );
  }
}

function inUse(stream: Exclude<NetStream, { name: "idle" }>): string {
  const isPublished = stream.name === "asking" || stream.name === "publishing";
  return isPublished
    ? `This connection publishes ${stream.publication.streamPath} on this stream already`
    : `This connection plays ${stream.playback.streamPath} on this stream already`;
}

const step = (stream: NetStream, ...effects: readonly NetStreamEffect[]): NetStreamStep => ({
  stream,
  effects,
});

const status = (level: StatusLevel, code: string, description: string): NetStreamEffect => ({
  type: "status",
  level,
  code,
  description,
});
