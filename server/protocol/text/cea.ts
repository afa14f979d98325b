import type { Bytes } from "../bytes/bytes.ts";
import { LIMITS } from "../limits.ts";
import type { Milliseconds } from "../media/sample.ts";
import { type CaptionArea, type CaptionBlock, captionBlocks } from "./caption-block.ts";
import { CcType, TRIPLET } from "./cc-data.ts";
import { CEA608_COLUMNS, type Cea608Channel, Cea608Field } from "./cea608.ts";
import { Cea708Service } from "./cea708-service.ts";
import { DtvccAssembler } from "./dtvcc.ts";

/** What a channel of captions shows from now on. */
export type CaptionChange = {
  /** `cc1` to `cc4` (CEA-608), `service1` to `service63` (CEA-708). */
  readonly channel: string;
  /** In reading order; empty: nothing. */
  readonly blocks: readonly CaptionBlock[];
};

/** Lines 21 in the safe area: 15 rows of 32 columns in the middle 80 % of height and width. */
const SAFE_START = 10;
const SAFE_SIZE = 80;
const ROWS = 15;

/**
 * Closed captions of both kinds, decoded to what is on the screen at each moment: text that is written
 * while it is shown (roll-up, paint-on) is there with each character, not when its line is over.
 */
export class CaptionDecoder {
  readonly #fields = [new Cea608Field(), new Cea608Field()] as const;
  readonly #dtvcc = new DtvccAssembler();
  readonly #services = new Map<number, Cea708Service>();

  /**
   * Takes the caption data of one picture; pictures are to come in the order in which they are shown.
   *
   * @param data triplets, the valid ones; may be empty
   * @param silence a channel of which nothing was heard for so long is erased
   * @returns channels that may show something else now
   */
  push(
    data: Bytes,
    at: Milliseconds,
    silence: Milliseconds = Number.POSITIVE_INFINITY,
  ): readonly CaptionChange[] {
    for (let offset = 0; offset + TRIPLET <= data.length; offset += TRIPLET) {
      const type = (data[offset] ?? 0) & 3;
      const first = data[offset + 1] ?? 0;
      const second = data[offset + 2] ?? 0;
      if (type === CcType.Field1) this.#fields[0].push(first, second, at);
      else if (type === CcType.Field2) this.#fields[1].push(first, second, at);
      else this.#pushDtvcc(first, second, type === CcType.DtvccStart, at);
    }
    for (const field of this.#fields) {
      for (const channel of field.channels) channel.eraseWhenSilent(at, silence);
    }
    for (const service of this.#services.values()) service.eraseWhenSilent(at, silence);
    return this.#changes();
  }

  #pushDtvcc(first: number, second: number, isStart: boolean, at: Milliseconds): void {
    for (const { service: number, data } of this.#dtvcc.push(first, second, isStart)) {
      let service = this.#services.get(number);
      if (service === undefined) {
        service = new Cea708Service();
        this.#services.set(number, service);
      }
      service.push(data, at);
    }
  }

  #changes(): readonly CaptionChange[] {
    let changes: CaptionChange[] | undefined;
    for (const [field, { channels }] of this.#fields.entries()) {
      for (const [index, channel] of channels.entries()) {
        if (!channel.takeChange()) continue;
        changes ??= [];
        changes.push({
          channel: `cc${field * 2 + index + 1}`,
          blocks: captionBlocks(areaOf(channel)),
        });
      }
    }
    for (const [number, service] of this.#services) {
      if (!service.takeChange()) continue;
      changes ??= [];
      changes.push({
        channel: `service${number}`,
        blocks: service.areas.flatMap(captionBlocks).slice(0, LIMITS.captionBlocks),
      });
    }
    return changes ?? NO_CHANGES;
  }
}

const NO_CHANGES: readonly CaptionChange[] = [];

const areaOf = (channel: Cea608Channel): CaptionArea => ({
  rows: channel.displayed.rows,
  columns: CEA608_COLUMNS,
  top: SAFE_START,
  left: SAFE_START,
  rowHeight: SAFE_SIZE / ROWS,
  columnWidth: SAFE_SIZE / CEA608_COLUMNS,
  align: undefined,
  isWritten: channel.isWritten,
});
