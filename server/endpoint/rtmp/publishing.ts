import type { Publication } from "../../live/live-stream.ts";
import type { Log } from "../../log.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import { FlvDemuxer } from "../../protocol/flv/demuxer.ts";
import { TimestampLine } from "../../protocol/media/timestamp-line.ts";
import type { MediaEffect } from "../../protocol/rtmp/session-effect.ts";
import type { BadMessages } from "./bad-messages.ts";

/** Codes of what was dropped or passed over, and how often. */
export type Remarks = { readonly [code: string]: number };

/** Different codes that are counted for one publisher. */
const MAX_REMARKS = 32;

/**
 * One publication over RTMP: its messages are demuxed, placed on an unwrapped clock and fed to
 * the live stream. A message that cannot be understood is dropped, counted, and logged the first
 * time; many in a row end the publication.
 */
export class Publishing {
  readonly publication: Publication;
  readonly #demuxer: FlvDemuxer;
  readonly #log: Log;
  readonly #badMessages: BadMessages;
  readonly #remarks = new Map<string, number>();

  /** @param badMessages the connection's: what is no message of a broadcast counts there too */
  constructor(
    publication: Publication,
    { log, badMessages }: { log: Log; badMessages: BadMessages },
  ) {
    this.publication = publication;
    this.#log = log;
    this.#badMessages = badMessages;
    const line = new TimestampLine();
    this.#demuxer = new FlvDemuxer({
      place: (timestamp) => line.place(timestamp),
      peek: (timestamp) => line.peek(timestamp),
      onIgnored: (code, message) => this.remark(code, message),
    });
  }

  /** How often each kind of remark was made. */
  get remarks(): Remarks {
    return Object.fromEntries(this.#remarks);
  }

  /**
   * @throws ProtocolError `BAD_MESSAGES` (limit) in connection scope when many messages in a row
   *   could not be understood
   */
  take(media: MediaEffect): void {
    try {
      for (const event of this.#demux(media)) {
        if (event.type === "unplayable") {
          const { mediaType, codecName } = event.track;
          const message = `no browser plays ${codecName}: this ${mediaType} track is left out`;
          this.#log.warn(message, { code: "TRACK_UNPLAYABLE" });
        }
        this.publication.input(event);
      }
      this.#badMessages.good();
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.scope === "connection") throw error;
      this.bad(error);
    }
  }

  /** Counts a message that could not be understood. @throws as `take` does */
  bad(error: ProtocolError): void {
    this.remark(error.code, error.message);
    this.publication.input({ type: "bad-message", code: error.code });
    this.#badMessages.bad(error);
  }

  /** Logs the first remark of each code, and counts them all. */
  remark(code: string, message: string): void {
    const count = this.#remarks.get(code);
    if (count === undefined && this.#remarks.size >= MAX_REMARKS) return;
    this.#remarks.set(code, (count ?? 0) + 1);
    if (count === undefined) this.#log.warn(message, { code });
  }

  #demux(media: MediaEffect) {
    const { timestamp, payload } = media;
    switch (media.kind) {
      case "audio":
        return this.#demuxer.audio(timestamp, payload);
      case "video":
        return this.#demuxer.video(timestamp, payload);
      case "data":
        return this.#demuxer.data(timestamp, payload, media.encoding);
    }
  }
}
