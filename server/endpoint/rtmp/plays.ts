import type { Clock } from "../../live/clock.ts";
import type { Log } from "../../log.ts";
import { withFields } from "../../log-context.ts";
import type { OwnBytes } from "../../protocol/bytes/bytes.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { Capabilities } from "../../protocol/rtmp/capabilities.ts";
import type { PlayEffect, SessionEffect } from "../../protocol/rtmp/session-effect.ts";
import type { Broadcast, Broadcasts } from "./broadcasts.ts";
import type { Output } from "./output.ts";
import type { MayPlay } from "./permission.ts";
import { capabilitiesOf, PlayReader } from "./play-reader.ts";
import { Playing, type PlayLimits } from "./playing.ts";
import type { Origin, RelayRules } from "./relay-rules.ts";

/** What a connection needs of its session for what it plays. */
export type PlaySession = {
  accept(messageStreamId: number): SessionEffect[];
  refuse(messageStreamId: number, code: string, description: string): SessionEffect[];
  stopPlaying(messageStreamId: number, code: string, description: string): SessionEffect[];
  broadcastNotice(
    messageStreamId: number,
    event: "published" | "unpublished",
  ): OwnBytes | undefined;
};

/** Times in ms. */
export type PlaysLimits = PlayLimits & {
  /** Nothing was taken for this long while bytes were waiting. */
  readonly silence: number;
  /** Somebody waits for a publisher no longer. */
  readonly wait: number;
};

/** What the players of one connection are made of. */
export type PlaysOptions = {
  readonly broadcasts: Broadcasts;
  readonly mayPlay: MayPlay;
  readonly relays: Pick<RelayRules, "refusal" | "watch">;
  readonly session: PlaySession;
  readonly output: Output;
  readonly clock: Clock;
  readonly limits: PlaysLimits;
  /** Does what the session says. */
  readonly perform: (effects: readonly SessionEffect[]) => void;
  /** Something costs the connection. */
  readonly fail: (error: unknown) => void;
};

type Play = {
  readonly playing: Playing;
  readonly broadcast: Broadcast;
  /** Nobody has it played for them any more. */
  readonly unwatch: () => void;
  readonly log: Log;
};

/** What one connection plays, by message stream. */
export class Plays {
  readonly #options: PlaysOptions;
  readonly #plays = new Map<number, Play>();
  #hasPlayed = false;

  constructor(options: PlaysOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#plays.size;
  }

  /** Whether anything was ever played, or waited for. */
  get hasPlayed(): boolean {
    return this.#hasPlayed;
  }

  /**
   * Decides, joins the broadcast, and answers.
   *
   * @param capabilities what the client said in connect
   */
  play(
    { messageStreamId, streamPath, query }: PlayEffect,
    { peer, relayTrail }: Origin,
    capabilities: Capabilities | undefined,
    connectionLog: Log,
  ): void {
    const { broadcasts, mayPlay, relays, session, output } = this.#options;
    const { clock, limits, perform, fail } = this.#options;
    const { address, transport } = peer;
    const log = withFields(connectionLog, { streamPath, address, transport });
    const refuse = (description: string, code: string): void => {
      log.warn(`play refused: ${description}`, { code });
      perform(session.refuse(messageStreamId, "NetStream.Play.Failed", description));
    };
    const decision = mayPlay({ streamPath, query, peer });
    if (!decision.allowed) {
      refuse(decision.description, "PLAY_DENIED");
      return;
    }
    const loop = relays.refusal(streamPath, relayTrail);
    if (loop !== undefined) {
      refuse(loop, "RELAY_LOOP");
      return;
    }
    // First of all: a relay of our own may begin with whoever watches, and must know for whom.
    const unwatch = relays.watch(streamPath, relayTrail);
    const broadcast = broadcasts.join(streamPath);
    if (broadcast === undefined) {
      unwatch();
      refuse("Too many live streams are being waited for already", "PLAY_REFUSED");
      return;
    }
    const playing = new Playing({
      broadcast,
      messageStreamId,
      reader: new PlayReader(capabilitiesOf(capabilities, query), log),
      output,
      clock,
      limits,
      notice: (event) => session.broadcastNotice(messageStreamId, event),
      onOverflow: (bytes) => fail(tooMuch(bytes)),
    });
    this.#plays.set(messageStreamId, { playing, broadcast, unwatch, log });
    this.#hasPlayed = true;
    log.info("playing");
    // The statuses go first: players wait for them. What came meanwhile may end it again.
    perform(session.accept(messageStreamId));
    if (this.#plays.get(messageStreamId)?.playing === playing) playing.begin();
  }

  get(messageStreamId: number): Playing | undefined {
    return this.#plays.get(messageStreamId)?.playing;
  }

  stop(messageStreamId: number, reason: string): void {
    const play = this.#plays.get(messageStreamId);
    if (play === undefined) return;
    this.#plays.delete(messageStreamId);
    const { playing, broadcast, unwatch, log } = play;
    playing.stop();
    this.#options.broadcasts.leave(broadcast);
    const { samplesDropped } = playing;
    log.info("playing ended", { reason, ...(samplesDropped === 0 ? {} : { samplesDropped }) });
    unwatch();
  }

  stopAll(reason: string): void {
    for (const messageStreamId of [...this.#plays.keys()]) this.stop(messageStreamId, reason);
  }

  /**
   * Limits of time, to be looked at now and then.
   *
   * @throws ProtocolError `RTMP_PLAYER_SILENCE` (limit) in connection scope
   */
  check(now: number): void {
    const { output, session, limits, perform } = this.#options;
    const plays = [...this.#plays];
    const silence = output.silence(now);
    const isWaiting = output.length > 0 || plays.some(([, { playing }]) => playing.isWaiting);
    if (plays.length > 0 && isWaiting && silence > limits.silence) {
      const message = `Cannot wait longer than ${limits.silence} ms for a player that takes nothing`;
      throw new ProtocolError("limit", "RTMP_PLAYER_SILENCE", message, { scope: "connection" });
    }
    for (const [messageStreamId, { playing, log }] of plays) {
      const since = playing.waitingSince;
      if (since === undefined || now - since <= limits.wait) continue;
      const description = `Nobody published ${playing.streamPath} for ${Math.round(limits.wait / 60_000)} minutes`;
      log.info("a player waited in vain", { code: "PLAY_WAIT" });
      perform(session.stopPlaying(messageStreamId, "NetStream.Play.StreamNotFound", description));
    }
  }
}

function tooMuch(bytes: number): ProtocolError {
  const message = `Cannot hold ${bytes} bytes of notices for a player that does not take them`;
  return new ProtocolError("limit", "RTMP_PLAY_NOTICES", message, { scope: "connection" });
}
