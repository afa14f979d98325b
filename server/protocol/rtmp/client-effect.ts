import type { ProtocolError } from "../errors.ts";
import type { Capabilities } from "./capabilities.ts";
import type { SendEffect } from "./effect-queue.ts";
import type { MediaEffect } from "./session-effect.ts";

/** What a server said of itself when it took the connection. */
export type ConnectAnswer = {
  /** Undefined where it speaks of no capability at all: classic RTMP only. */
  readonly capabilities: Capabilities | undefined;
  /** The name of a server of our own kind, by which relays find loops; undefined elsewhere. */
  readonly relayId: string | undefined;
};

/** What is to be done about what a server sent, in order. Payloads are the session's no longer. */
export type ClientEffect =
  | SendEffect
  /** The server takes the connection; whether it takes the broadcast, or gives one, comes later. */
  | ({ readonly type: "connected" } & ConnectAnswer)
  /** The server takes the broadcast: `media` may be sent. */
  | { readonly type: "publishing" }
  /** The server has begun to play, or waits with us for somebody to publish: media may follow. */
  | { readonly type: "playing" }
  /** Of what is played. */
  | MediaEffect
  /** What was played has ended, in the server's words. The connection stands: it may begin again. */
  | { readonly type: "ended"; readonly code: string; readonly description: string }
  /** The server does not take it, does not have it, or no longer; its own words. */
  | { readonly type: "refused"; readonly code: string; readonly description: string }
  /** The server does not take it, but names another that will. */
  | ({ readonly type: "redirected"; readonly code: string } & Redirect)
  /**
   * The server wants to be left (Enhanced RTMP v2, "Reconnect Request"): connect there, go on at the
   * next sync sample, then close this connection. `tcUrl` is resolved; the present one where the server named none.
   */
  | {
      readonly type: "reconnect-requested";
      readonly tcUrl: string;
      readonly description: string;
    }
  /** A message that could not be read was dropped. */
  | { readonly type: "bad-message"; readonly typeId: number; readonly error: ProtocolError }
  /** The server said `close`. */
  | { readonly type: "closed" };

/** Where else to go, as a server wrote it: secrets may be in it. */
export type Redirect = {
  /** Absolute. Some servers put the stream's name behind it. */
  readonly tcUrl: string;
  /** The same with the stream's name, where the server told both (SRS). */
  readonly streamUrl: string | undefined;
};
