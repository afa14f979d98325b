import { createHash } from "node:crypto";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { ContentCoding } from "./content-coding.ts";

/** Longer playlists, of hours, are packed in less time and more bytes. */
const LONG = 65_536;

/**
 * The text of a playlist between two changes, ready to be sent to all who ask: each packing of it is
 * made when the first one asks.
 */
export class RenderedPlaylist {
  readonly body: Buffer;
  /** Names this text, without quotes. */
  readonly tag: string;
  #gzip: Buffer | undefined;
  #br: Buffer | undefined;

  constructor(text: string) {
    this.body = Buffer.from(text);
    this.tag = createHash("sha1").update(this.body).digest("base64url");
  }

  /** The same bytes for all: not to be written to. */
  packed(coding: ContentCoding): Buffer {
    const isLong = this.body.length > LONG;
    switch (coding) {
      case "gzip":
        this.#gzip ??= gzipSync(this.body, { level: isLong ? 1 : 6 });
        return this.#gzip;
      case "br":
        this.#br ??= brotliCompressSync(this.body, {
          params: {
            [constants.BROTLI_PARAM_QUALITY]: isLong ? 1 : 4,
            [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
          },
        });
        return this.#br;
      case "identity":
        return this.body;
    }
  }
}
