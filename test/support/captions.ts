import { addEmulationPrevention } from "../../server/protocol/codec/nal-units.ts";
import type { Tag } from "./flv-file.ts";

/*
 * Captions as encoders write them, from the tables of 47 CFR 15.119 and ANSI/CTA-708-E: it shares
 * nothing with what reads them.
 */

/** Two bytes of line 21. */
export type Pair = readonly [number, number];
/** One entry of cc_data: type 0 to 3 and two bytes. */
export type Triplet = readonly [type: number, first: number, second: number];

/** First and second byte of the preamble address codes, rows 1 to 15, channel 1, column 0, white. */
const PREAMBLES: readonly Pair[] = [
  [0x11, 0x40],
  [0x11, 0x60],
  [0x12, 0x40],
  [0x12, 0x60],
  [0x15, 0x40],
  [0x15, 0x60],
  [0x16, 0x40],
  [0x16, 0x60],
  [0x17, 0x40],
  [0x17, 0x60],
  [0x10, 0x40],
  [0x13, 0x40],
  [0x13, 0x60],
  [0x14, 0x40],
  [0x14, 0x60],
];

const NOT_ASCII = new Map([
  ["á", 0x2a],
  ["é", 0x5c],
  ["í", 0x5e],
  ["ó", 0x5f],
  ["ú", 0x60],
  ["ç", 0x7b],
  ["÷", 0x7c],
  ["Ñ", 0x7d],
  ["ñ", 0x7e],
]);

const SPECIAL = ["®", "°", "½", "¿", "™", "¢", "£", "♪", "à", "", "è", "â", "ê", "î", "ô", "û"];

/** A row of text: row 1 to 15, and how far it is indented. */
export type Line608 = { readonly row: number; readonly indent?: number; readonly text: string };

/** Writes line 21 of one channel: 1 to 4. */
export class Line21 {
  readonly #bit: number;
  readonly #misc: number;
  /** cc_type of its pairs. */
  readonly field: 0 | 1;

  constructor(channel: 1 | 2 | 3 | 4) {
    this.field = channel > 2 ? 1 : 0;
    this.#bit = channel % 2 === 0 ? 8 : 0;
    this.#misc = (channel > 2 ? 0x15 : 0x14) | this.#bit;
  }

  /** A control pair, twice. */
  control(first: number, second: number): Pair[] {
    const pair: Pair = [first | this.#bit, second];
    return [pair, pair];
  }

  /** Resume caption loading, erase what is prepared, the rows, end of caption. */
  popOn(...lines: readonly Line608[]): Pair[] {
    return [
      ...this.#command(0x20),
      ...this.#command(0x2e),
      ...lines.flatMap((line) => this.#line(line)),
      ...this.#command(0x2f),
    ];
  }

  paintOn(...lines: readonly Line608[]): Pair[] {
    return [...this.#command(0x29), ...lines.flatMap((line) => this.#line(line))];
  }

  /** A new line at the foot of 2 to 4. */
  rollUp(rows: 2 | 3 | 4, text: string): Pair[] {
    return [
      ...this.#command(0x23 + rows),
      ...this.#command(0x2d),
      ...this.#preamble({ row: 15, text }),
      ...this.characters(text),
    ];
  }

  /** Erase displayed memory. */
  erase(): Pair[] {
    return this.#command(0x2c);
  }

  #command(second: number): Pair[] {
    const pair: Pair = [this.#misc, second];
    return [pair, pair];
  }

  #line(line: Line608): Pair[] {
    return [...this.#preamble(line), ...this.characters(line.text)];
  }

  #preamble({ row, indent = 0 }: Line608): Pair[] {
    const [first, second] = PREAMBLES[row - 1] ?? [0, 0];
    const column = Math.floor(indent / 4);
    const pairs = this.control(first, indent === 0 ? second : second | 0x10 | (column << 1));
    return indent % 4 === 0 ? pairs : [...pairs, ...this.control(0x17, 0x20 + (indent % 4))];
  }

  characters(text: string): Pair[] {
    const pairs: Pair[] = [];
    let waiting: number | undefined;
    const flush = (): void => {
      if (waiting !== undefined) pairs.push([waiting, 0]);
      waiting = undefined;
    };
    for (const character of text) {
      const special = SPECIAL.indexOf(character);
      if (special !== -1) {
        flush();
        pairs.push(...this.control(0x11, 0x30 + special));
        continue;
      }
      const code = NOT_ASCII.get(character) ?? character.charCodeAt(0);
      if (waiting === undefined) waiting = code;
      else {
        pairs.push([waiting, code]);
        waiting = undefined;
      }
    }
    flush();
    return pairs;
  }
}

/** Seven bits and odd parity. */
export function withParity(byte: number): number {
  let ones = 0;
  for (let bit = 0; bit < 7; bit += 1) ones += (byte >> bit) & 1;
  return ones % 2 === 0 ? byte | 0x80 : byte;
}

/** One triplet a pair. */
export const line21Triplets = (field: 0 | 1, pairs: readonly Pair[]): Triplet[] =>
  pairs.map(([first, second]) => [field, withParity(first), withParity(second)]);

/** A window as DefineWindow takes it. */
export type Window708 = {
  readonly id?: number;
  readonly visible?: boolean;
  readonly rows?: number;
  readonly columns?: number;
  /** In per cent of the safe area. */
  readonly vertical?: number;
  readonly horizontal?: number;
  readonly anchorPoint?: number;
  readonly style?: number;
};

/** DefineWindow and what selects it. */
export function defineWindow(window: Window708 = {}): number[] {
  const {
    id = 0,
    visible = false,
    rows = 2,
    columns = 32,
    vertical = 80,
    horizontal = 10,
  } = window;
  const { anchorPoint = 0, style = 1 } = window;
  const flags = (visible ? 0x20 : 0) | 0x18;
  return [
    ...[0x98 + id, flags, 0x80 | vertical, horizontal],
    ...[(anchorPoint << 4) | (rows - 1), columns - 1, (style << 3) | 1],
  ];
}

/** Text in G0, G1, G2 and P16; a line end is a carriage return. */
export const text708 = (text: string): number[] =>
  [...text].flatMap((character) => {
    const code = character.charCodeAt(0);
    if (character === "\n") return [0x0d];
    if (character === "♪") return [0x7f];
    if (character === "…") return [0x10, 0x25];
    if (character === "“") return [0x10, 0x33];
    return code < 0x100 ? [code] : [0x18, code >> 8, code & 0xff];
  });

/** DisplayWindows, HideWindows, ClearWindows, DeleteWindows … of a set of windows. */
export const windows708 = (command: number, ...ids: readonly number[]): number[] => [
  command,
  ids.reduce((mask, id) => mask | (1 << id), 0),
];

/** A caption channel packet with one service block, as triplets. */
export class Dtvcc {
  #sequence = 0;

  packet(service: number, codes: readonly number[]): Triplet[] {
    const head = service < 7 ? [(service << 5) | codes.length] : [0xe0 | codes.length, service];
    const body = [...head, ...codes];
    if (body.length % 2 === 0) body.push(0);
    const bytes = [(this.#sequence << 6) | ((body.length + 1) / 2), ...body];
    this.#sequence = (this.#sequence + 1) & 3;
    return Array.from(
      { length: bytes.length / 2 },
      (_, index): Triplet => [
        index === 0 ? 3 : 2,
        bytes[2 * index] ?? 0,
        bytes[2 * index + 1] ?? 0,
      ],
    );
  }

  /** Codes of any number, in packets of service blocks that are not too long. */
  packets(service: number, ...commands: readonly (readonly number[])[]): Triplet[] {
    return commands.flatMap((codes) => this.packet(service, codes));
  }
}

/** user_data_registered_itu_t_t35 with cc_data (ATSC A/53 Part 4 §6.2.3). */
export function t35(triplets: readonly Triplet[]): Uint8Array {
  return Uint8Array.from([
    ...[0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03],
    ...[0x40 | triplets.length, 0xff],
    ...triplets.flatMap(([type, first, second]) => [0xfc | type, first, second]),
    0xff,
  ]);
}

/** A SEI NAL unit, without its length. */
export function seiUnit(
  header: readonly number[],
  messages: readonly { readonly type: number; readonly payload: Uint8Array }[],
): Uint8Array {
  const body = messages.flatMap(({ type, payload }) => {
    const size = [
      ...Array<number>(Math.floor(payload.length / 255)).fill(255),
      payload.length % 255,
    ];
    return [type, ...size, ...payload];
  });
  const escaped = addEmulationPrevention(Uint8Array.from([...body, 0x80]));
  return Uint8Array.from([...header, ...escaped]);
}

/** Headers of SEI NAL units: AVC, HEVC prefix. */
export const SEI_HEADER = { avc: [6], hevc: [39 << 1, 1] } as const;

/** A SEI NAL unit with captions. */
export const captionUnit = (
  triplets: readonly Triplet[],
  codec: keyof typeof SEI_HEADER = "avc",
): Uint8Array => seiUnit(SEI_HEADER[codec], [{ type: 4, payload: t35(triplets) }]);

/** NAL units with lengths of 4 bytes before another picture's. */
export function insertUnits(units: readonly Uint8Array[], picture: Uint8Array): Uint8Array {
  const pieces = units.flatMap((unit) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(unit.length);
    return [length, unit];
  });
  return Uint8Array.from(Buffer.concat([...pieces, picture]));
}

/** Pads an entry for each field that has nothing to say: what encoders send with every picture. */
export const padded = (triplets: readonly Triplet[]): Triplet[] => [
  ...([0, 1] as const)
    .filter((field) => !triplets.some(([type]) => type === field))
    .map((field): Triplet => [field, 0x80, 0x80]),
  ...triplets,
];

/**
 * Spreads captions over pictures as a caption encoder does: one pair of each field and up to `most`
 * entries of DTVCC with each.
 */
export function spread(triplets: readonly Triplet[], most = 9): Triplet[][] {
  const queues: Triplet[][] = [
    triplets.filter(([type]) => type === 0),
    triplets.filter(([type]) => type === 1),
    triplets.filter(([type]) => type > 1),
  ];
  const pictures: Triplet[][] = [];
  while (queues.some((queue) => queue.length > 0)) {
    const [first = [], second = [], dtvcc = []] = queues;
    pictures.push([...first.splice(0, 1), ...second.splice(0, 1), ...dtvcc.splice(0, most)]);
  }
  return pictures;
}

/**
 * The pictures of a clip with captions: the entries of each list go with the picture that is shown in
 * its turn, whatever the order in which they are coded.
 *
 * @param tags of classic FLV with H.264
 */
export function withCaptions(
  tags: readonly Tag[],
  pictures: readonly (readonly Triplet[])[],
): Tag[] {
  const shownAt = ({ timestamp, payload }: Tag): number => {
    const offset = ((payload[2] ?? 0) << 16) | ((payload[3] ?? 0) << 8) | (payload[4] ?? 0);
    return timestamp + ((offset << 8) >> 8);
  };
  const isPicture = ({ kind, payload }: Tag): boolean =>
    kind === "video" && ((payload[0] ?? 0) & 15) === 7 && payload[1] === 1;
  const inOrder = tags.filter(isPicture).sort((a, b) => shownAt(a) - shownAt(b));
  const turns = new Map(inOrder.map((tag, index) => [tag, index]));
  return tags.map((tag) => {
    const turn = turns.get(tag);
    if (turn === undefined) return tag;
    const unit = captionUnit(padded(pictures[turn] ?? []));
    const body = insertUnits([unit], tag.payload.subarray(5));
    return { ...tag, payload: Uint8Array.from([...tag.payload.subarray(0, 5), ...body]) };
  });
}

/** Captions of several kinds, each list from a picture on, as pictures. */
export function script(
  ...lists: readonly (readonly [from: number, triplets: readonly Triplet[]])[]
) {
  const pictures: Triplet[][] = [];
  for (const [from, triplets] of lists) {
    for (const [index, entries] of spread(triplets).entries()) {
      const picture = pictures[from + index] ?? [];
      picture.push(...entries);
      pictures[from + index] = picture;
    }
  }
  return Array.from(pictures, (picture) => picture ?? []);
}
