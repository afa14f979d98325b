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

/** How a broadcast was ended by command. */
export type UnpublishReason =
  | "FCUnpublish"
  | "closeStream"
  | "deleteStream"
  | "publish-false"
  | "close";

/** One NetStream (RTMP 1.0 §7.2.2): a value. `onInput` gives the next one, and what is to be done. */
export type NetStream =
  | { readonly name: "idle" }
  | { readonly name: "asking"; readonly publication: Publication } // publish heard, the caller decides
  | { readonly name: "publishing"; readonly publication: Publication };

/** What happens to a NetStream: commands of the client, and decisions of the caller. */
export type NetStreamInput =
  | { readonly type: "publish"; readonly publication: Publication }
  | { readonly type: "accept" }
  | { readonly type: "refuse"; readonly code: string; readonly description: string }
  | { readonly type: "end"; readonly reason: UnpublishReason }
  | { readonly type: "play" };

/** What is to be done about it, in this order. */
export type NetStreamEffect =
  | { readonly type: "ask"; readonly publication: Publication }
  /** User control StreamBegin, before the status. */
  | { readonly type: "begin" }
  | {
      readonly type: "status";
      readonly level: StatusLevel;
      readonly code: string;
      readonly description: string;
    }
  | { readonly type: "unpublish"; readonly reason: UnpublishReason }
  | { readonly type: "close-after-flush" };

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
        const description = `This connection publishes ${stream.publication.streamPath} on this stream already`;
        return step(stream, status("error", "NetStream.Publish.BadName", description));
      }
      return step({ name: "asking", publication }, { type: "ask", publication });
    }
    case "accept": {
      if (stream.name !== "asking") return step(stream);
      const { publication } = stream;
      const description = `${publication.streamPath} is now published`;
      return step(
        { name: "publishing", publication },
        { type: "begin" },
        status("status", "NetStream.Publish.Start", description),
      );
    }
    case "refuse": {
      if (stream.name !== "asking") return step(stream);
      const { code, description } = input;
      return step(IDLE, status("error", code, description), { type: "close-after-flush" });
    }
    case "end": {
      if (stream.name === "idle") return step(stream);
      const { reason } = input;
      const unpublish: NetStreamEffect = { type: "unpublish", reason };
      // A stream that is deleted has no place for a status any more.
      if (reason === "deleteStream" || reason === "close") return step(IDLE, unpublish);
      const description = `${stream.publication.streamPath} is no longer published`;
      return step(IDLE, unpublish, status("status", "NetStream.Unpublish.Success", description));
    }
    case "play": {
      const description =
        "Playing over RTMP is not offered here: open the stream's web page instead";
      const failed = status("error", "NetStream.Play.Failed", description);
      // A player would wait for nothing; a publisher that also tries to play goes on.
      return stream.name === "idle"
        ? step(stream, failed, { type: "close-after-flush" })
        : step(stream, failed);
    }
  }
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
