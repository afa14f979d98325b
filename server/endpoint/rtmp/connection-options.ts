import type { Clock } from "../../live/clock.ts";
import type { Log, RepeatLog } from "../../log.ts";
import type { ServerSessionOptions } from "../../protocol/rtmp/session-effect.ts";
import type { Broadcasts } from "./broadcasts.ts";
import type { CallHandlers } from "./calls.ts";
import type { PatienceLimits } from "./patience.ts";
import type { Peer } from "./peer.ts";
import type { MayPlay, MayPublish } from "./permission.ts";
import type { PlaysLimits } from "./plays.ts";
import type { Publications } from "./publishings.ts";
import type { RelayRules } from "./relay-rules.ts";

/** What bounds one RTMP connection; times in ms, sizes in bytes. */
export type RtmpLimits = PatienceLimits & {
  readonly refusalLinger: number;
  readonly publisherOutput: number;
  readonly badMessagesInARow: number;
  readonly reconnectTime: number;
  readonly reconnectDrain: number;
  readonly play: PlaysLimits;
  readonly callsAtOnce: number;
  readonly callTime: number;
};

/** Keeps what both sides of one connection say, in the clear; it copies what it keeps. */
export type ConnectionCapture = {
  client(bytes: Uint8Array): void;
  server(bytes: Uint8Array): void;
  end(reason: string): void;
};

/** What an RTMP connection is made of. */
export type RtmpConnectionOptions = {
  readonly publications: Publications;
  readonly mayPublish: MayPublish;
  readonly broadcasts: Broadcasts;
  readonly mayPlay: MayPlay;
  /** Handlers of remote calls, by name; they may come and go. */
  readonly callHandlers: CallHandlers;
  readonly relays: RelayRules;
  readonly crypto: Pick<ServerSessionOptions, "hmac" | "random" | "diffieHellman">;
  /** Begins to keep what is said; undefined where nothing is kept. */
  readonly capture?: ((peer: Peer) => ConnectionCapture | undefined) | undefined;
  readonly clock: Clock;
  readonly limits: RtmpLimits;
  readonly log: Log;
  /** For what strangers can make happen as often as they connect; all connections share it. */
  readonly repeats: RepeatLog;
};
