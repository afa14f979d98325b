import type { Publication } from "../../live/live-stream.ts";
import type { Publisher, Refusal } from "../../live/registry.ts";
import type { Log } from "../../log.ts";
import { withFields } from "../../log-context.ts";
import type { ProtocolError } from "../../protocol/errors.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type {
  MediaEffect,
  PublishEffect,
  SessionEffect,
} from "../../protocol/rtmp/session-effect.ts";
import { BadMessages } from "./bad-messages.ts";
import type { MayPublish } from "./permission.ts";
import { Publishing } from "./publishing.ts";
import type { Origin, RelayRules } from "./relay-rules.ts";

/** What a connection needs of the hub. The registry has it; so has a five-line fake in a test. */
export type Publications = {
  open(streamPath: string, publisher: Publisher): Publication | Refusal;
};

/** What a connection needs of its session for what it publishes. */
export type PublishSession = {
  accept(messageStreamId: number): SessionEffect[];
  refuse(messageStreamId: number, code: string, description: string): SessionEffect[];
};

/** What the publishers of one connection are made of. */
export type PublishingsOptions = {
  readonly publications: Publications;
  readonly mayPublish: MayPublish;
  readonly relays: Pick<RelayRules, "refusal">;
  readonly session: PublishSession;
  readonly badMessagesInARow: number;
  /** Does what the session says. */
  readonly perform: (effects: readonly SessionEffect[]) => void;
  /** Since when nothing has come on the connection, in ms. */
  readonly silence: () => Milliseconds;
  /** It was asked to come on another connection, and may be doing so. */
  readonly isMoving: () => boolean;
  readonly isOver: () => boolean;
  /** A publication is over. */
  readonly ended: () => void;
  /** One goes on over another connection. */
  readonly moved: () => void;
  /** One lost its place, which costs the connection. */
  readonly close: (code: string, description: string) => void;
};

/** Different codes of bad messages that are logged before anything is published. */
const MAX_BAD_CODES = 32;

/** What one connection publishes, by message stream. */
export class Publishings {
  readonly #options: PublishingsOptions;
  readonly #publishings = new Map<
    number,
    { publishing: Publishing; streamPath: string; log: Log }
  >();
  readonly #badMessages: BadMessages;
  /** Of bad messages before anything was published: each is logged once. */
  readonly #badCodes = new Set<string>();
  #hasPublished = false;

  constructor(options: PublishingsOptions) {
    this.#options = options;
    this.#badMessages = new BadMessages(options.badMessagesInARow);
  }

  get size(): number {
    return this.#publishings.size;
  }

  /** Whether anything was ever published. */
  get hasPublished(): boolean {
    return this.#hasPublished;
  }

  /** What is published at present. */
  get streamPaths(): readonly string[] {
    return [...this.#publishings.values()].map(({ streamPath }) => streamPath);
  }

  /** Decides, takes a place in the hub, and answers. */
  publish(
    { messageStreamId, streamPath, query }: PublishEffect,
    { peer, relayTrail }: Origin,
    connectionLog: Log,
  ): void {
    const { mayPublish, publications, relays, session, perform, isOver } = this.#options;
    const log = withFields(connectionLog, { streamPath });
    const refuse = (status: string, description: string, code: string): void => {
      log.warn(`publish refused: ${description}`, { code });
      perform(session.refuse(messageStreamId, status, description));
    };
    const decision = mayPublish({ streamPath, key: query["key"], peer });
    if (!decision.allowed) {
      refuse("NetStream.Publish.Denied", decision.description, "PUBLISH_DENIED");
      return;
    }
    const loop = relays.refusal(streamPath, relayTrail);
    if (loop !== undefined) {
      refuse("NetStream.Publish.Denied", loop, "RELAY_LOOP");
      return;
    }
    const opened = publications.open(streamPath, {
      identity: decision.identity,
      address: peer.address,
      via: relayTrail,
      silence: this.#options.silence,
      isMoving: this.#options.isMoving,
      drop: (reason) => this.#drop(messageStreamId, streamPath, reason),
    });
    if ("refused" in opened) {
      refuse("NetStream.Publish.BadName", opened.description, "PUBLISH_REFUSED");
      return;
    }
    if (isOver()) {
      // It took over from itself, on another message stream.
      opened.end("lost");
      return;
    }
    const publishing = new Publishing(opened, { log, badMessages: this.#badMessages });
    this.#publishings.set(messageStreamId, { publishing, streamPath, log });
    this.#hasPublished = true;
    log.info("publishing", { address: peer.address, transport: peer.transport });
    perform(session.accept(messageStreamId));
  }

  /** @throws ProtocolError as `Publishing.take` does */
  take(media: MediaEffect): void {
    this.#publishings.get(media.messageStreamId)?.publishing.take(media);
  }

  /**
   * A message that could not be read was dropped.
   *
   * @param followsGood the one before it could be
   * @throws ProtocolError `BAD_MESSAGES` (limit) in connection scope when there were too many
   */
  bad(error: ProtocolError, followsGood: boolean, connectionLog: Log): void {
    if (followsGood) this.#badMessages.good();
    const [present] = this.#publishings.values();
    if (present !== undefined) {
      present.publishing.bad(error);
      return;
    }
    if (!this.#badCodes.has(error.code) && this.#badCodes.size < MAX_BAD_CODES) {
      this.#badCodes.add(error.code);
      connectionLog.warn(error.message, { code: error.code });
    }
    this.#badMessages.bad(error);
  }

  /** @param how "clean": it said goodbye */
  end(messageStreamId: number, how: "clean" | "lost", reason: string): void {
    const present = this.#publishings.get(messageStreamId);
    if (present === undefined) return;
    this.#publishings.delete(messageStreamId);
    this.#options.ended();
    const { publishing, log } = present;
    log.info("publishing ended", { reason, ...remarksOf(publishing) });
    publishing.publication.end(how);
  }

  endAll(how: "clean" | "lost", reason: string): void {
    for (const messageStreamId of [...this.#publishings.keys()]) {
      this.end(messageStreamId, how, reason);
    }
  }

  #drop(messageStreamId: number, streamPath: string, reason: DropReason): void {
    if (reason === "moved") {
      this.end(messageStreamId, "lost", "goes on over another connection");
      this.#options.moved();
      return;
    }
    const why = reason === "taken-over" ? "another publisher took over" : "silent for too long";
    this.#options.close("NetStream.Publish.BadName", `${streamPath}: ${why}`);
  }
}

type DropReason = Parameters<Publisher["drop"]>[0];

function remarksOf({ remarks }: Publishing): { remarks?: Publishing["remarks"] } {
  return Object.keys(remarks).length === 0 ? {} : { remarks };
}
