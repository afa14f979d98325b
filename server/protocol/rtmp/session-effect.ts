import type { Amf0Value } from "../amf0/value.ts";
import type { Bytes } from "../bytes/bytes.ts";
import type { ProtocolError } from "../errors.ts";
import type { NewDiffieHellman } from "./diffie-hellman.ts";
import type { Hmac } from "./digest.ts";
import type { SendEffect } from "./effect-queue.ts";
import type { Random } from "./handshake.ts";
import type { ConnectRequest } from "./net-connection.ts";
import type { EndReason, PublishType, Wanted } from "./net-stream.ts";
import type { StreamName } from "./stream-name.ts";

/** What is to be done about what a client sent, in order. Payloads are the session's no longer. */
export type SessionEffect =
  | SendEffect
  | ({ readonly type: "connected" } & ConnectRequest)
  /**
   * Decide, then call `accept` or `refuse`. The last effect of its batch: until the decision the
   * session holds what follows, and gives it out with the decision's effects.
   */
  | PublishEffect
  | MediaEffect
  /** Likewise. */
  | PlayEffect
  /** The broadcast was ended by command; the connection may begin another. */
  | {
      readonly type: "unpublish";
      readonly messageStreamId: number;
      readonly reason: EndReason;
    }
  /** Nothing more is to be sent on this message stream. */
  | {
      readonly type: "stop-playing";
      readonly messageStreamId: number;
      readonly reason: EndReason | "play";
    }
  /** Nothing is to be sent until `resume`, or `stop-playing`. */
  | { readonly type: "pause"; readonly messageStreamId: number }
  /** What is played begins anew, from the newest sync sample on: after a pause or a seek. */
  | { readonly type: "resume"; readonly messageStreamId: number }
  /** From now on only this is wanted. */
  | { readonly type: "receive"; readonly messageStreamId: number; readonly wanted: Wanted }
  /** A remote call that the host answers, with `answerCall`. */
  | CallEffect
  /** A message that could not be read was dropped; `followsGood`: the one before it could be. */
  | {
      readonly type: "bad-message";
      readonly typeId: number;
      readonly error: ProtocolError;
      readonly followsGood: boolean;
    }
  /** An oddity; each code is told once, or once for each different thing it is about. */
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn";
      readonly code: string;
      readonly message: string;
    }
  /** The answer to `ping`, with its timestamp. OBS never answers. */
  | { readonly type: "pong"; readonly timestamp: number }
  /** Close when what was sent is on its way (LIMITS.refusalLinger). The session takes no more. */
  | { readonly type: "close-after-flush" }
  /** The client said `close`. The session takes no more. */
  | { readonly type: "close" };

/** A client wants to publish: `query.key` is its key. */
export type PublishEffect = StreamName & {
  readonly type: "publish";
  readonly messageStreamId: number;
  readonly publishType: PublishType;
};

/** A client wants to play what is published under `streamPath`; `query` may hold secrets. */
export type PlayEffect = StreamName & {
  readonly type: "play";
  readonly messageStreamId: number;
};

/** A call of something that only the host knows (NetConnection.call, RTMP 1.0 §7.2.1.2). */
export type CallEffect = {
  readonly type: "call";
  readonly name: string;
  /** 0 wants no answer. */
  readonly transactionId: number;
  readonly parameters: readonly Amf0Value[];
};

/** Audio and video tag bodies, unopened; or the AMF0 values of a data message. */
export type MediaEffect =
  | {
      readonly type: "media";
      readonly kind: "audio" | "video";
      readonly messageStreamId: number;
      /** 0 to 2^32 - 1 ms. */
      readonly timestamp: number;
      readonly payload: Bytes;
    }
  | {
      readonly type: "media";
      readonly kind: "data";
      /** How it was framed. In both cases `payload` is AMF0 values (AMF3's behind marker 0x11). */
      readonly encoding: "amf0" | "amf3";
      readonly messageStreamId: number;
      readonly timestamp: number;
      readonly payload: Bytes;
    };

/** What the session needs from outside. */
export type ServerSessionOptions = {
  readonly hmac: Hmac;
  readonly random: Random;
  /** For encrypted sessions (RTMPE); without it they are refused, politely. */
  readonly diffieHellman?: NewDiffieHellman | undefined;
  /**
   * Is given what the client sent: the handshake as it came, all behind it in the clear, before
   * anything is made of it. The bytes are another's afterwards.
   */
  readonly tap?: ((bytes: Bytes) => void) | undefined;
  /** Whether the host answers calls of this name; those that RTMP itself knows never get so far. */
  readonly answersCall?: (name: string) => boolean;
  /**
   * Chunk size that we announce after connect. FFmpeg takes it for its own too, so that it does
   * not publish in 128-byte chunks. An encrypted session never announces one: FFmpeg loses its
   * framing over it.
   */
  readonly chunkSize?: number;
  /**
   * Chunk size that we announce to a player, of all that it is sent from then on: that of what it
   * plays.
   */
  readonly playChunkSize?: number;
  /** This server's name, for relays of servers of our kind. */
  readonly relayId?: string | undefined;
};

/** How far the session is: limits of time hang on it. "closed" takes no more input. */
export type SessionPhase = "handshake" | "connecting" | "connected" | "closed";

/** What a session has taken so far: limits of rate hang on it. */
export type SessionCounters = {
  /** After the handshake. */
  readonly bytes: number;
  readonly messages: number;
  /** Messages of less than 8 bytes, parts of aggregates too. */
  readonly smallMessages: number;
  /** Also user control, peer bandwidth, and messages of types unknown here. */
  readonly commands: number;
};
