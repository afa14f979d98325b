import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CcDataFinder } from "../../../server/protocol/text/cc-data.ts";
import { CaptionDecoder } from "../../../server/protocol/text/cea.ts";
import { PresentationOrder } from "../../../server/protocol/text/presentation-order.ts";
import {
  captionUnit,
  Dtvcc,
  defineWindow,
  insertUnits,
  Line21,
  line21Triplets,
  type Pair,
  padded,
  spread,
  type Triplet,
  text708,
  windows708,
} from "../../support/captions.ts";
import { muxCaptions, muxSample, type TimedUnit } from "../../support/mux-captions.ts";

const PICTURE = Uint8Array.of(0, 0, 0, 2, 0x41, 0x9a);
const FRAME = 1000 / 30;

type Shown = { at: number; channel: string; text: readonly string[] };

/** What is shown from when on, each channel's changes in order, by the decoder under test. */
function decode(pictures: readonly (readonly Triplet[])[], silence?: number): Shown[] {
  const decoder = new CaptionDecoder();
  const finder = new CcDataFinder("avc");
  const shown: Shown[] = [];
  for (const [index, triplets] of pictures.entries()) {
    const sample = insertUnits([captionUnit(padded(triplets))], PICTURE);
    const data = finder.find(sample) ?? new Uint8Array(0);
    note(shown, decoder, data, index, silence);
  }
  return shown;
}

function note(
  shown: Shown[],
  decoder: CaptionDecoder,
  data: Uint8Array,
  at: number,
  silence = 1e9,
) {
  for (const { channel, blocks } of decoder.push(data, at, silence)) {
    const text = blocks.map((block) => block.text);
    const last = shown.findLast((one) => one.channel === channel)?.text ?? [];
    if (String(last) !== String(text)) shown.push({ at, channel, text });
  }
}

const texts = (shown: readonly Shown[], channel = "cc1"): string[] =>
  shown.filter((one) => one.channel === channel).map(({ text }) => text.join(" | "));

const cc1 = new Line21(1);
const pairs = (...lists: readonly (readonly Pair[])[]): Triplet[][] =>
  spread(line21Triplets(0, lists.flat()));

describe("CEA-608", () => {
  test("pop-on captions are there at the end of caption, and until they are erased", () => {
    const caption = cc1.popOn(
      { row: 14, indent: 4, text: "HELLO" },
      { row: 15, indent: 4, text: "ÑANDÚ".replace("Ú", "ú") },
    );
    const idle: Pair[] = [
      [0, 0],
      [0, 0],
    ];
    const shown = decode(pairs(caption, idle, cc1.erase()));
    expect(shown).toEqual([
      { at: caption.length - 2, channel: "cc1", text: ["HELLO\nÑANDú"] },
      { at: caption.length + 2, channel: "cc1", text: [] },
    ]);
  });

  test("roll-up captions are shown pair by pair, and move up", () => {
    expect(
      texts(decode(pairs(cc1.rollUp(2, "ABCD"), cc1.rollUp(2, "EF"), cc1.rollUp(2, "G")))),
    ).toEqual(["AB", "ABCD", "ABCD\nEF", "EF", "EF\nG"]);
  });

  test("a carriage return moves what is written a row up before anything is added", () => {
    const decoder = new CaptionDecoder();
    const finder = new CcDataFinder("avc");
    const lines: string[] = [];
    for (const triplets of pairs(cc1.rollUp(3, "ONE"), cc1.rollUp(3, "TWO"))) {
      const data = finder.find(insertUnits([captionUnit(triplets)], PICTURE));
      for (const { blocks } of decoder.push(data ?? new Uint8Array(0), 0)) {
        lines.push(...blocks.map(({ text, settings }) => `${text} ${settings}`));
      }
    }
    expect([...new Set(lines)]).toEqual([
      "ON line:84.67% position:10% align:start",
      "ONE line:84.67% position:10% align:start",
      "ONE line:79.33% position:10% align:start",
      "ONE\nTW line:79.33% position:10% align:start",
      "ONE\nTWO line:79.33% position:10% align:start",
    ]);
  });

  test("paint-on captions are shown while they are written, and replace nothing by themselves", () => {
    const shown = decode(
      pairs(
        cc1.popOn({ row: 2, text: "TITLE" }),
        cc1.paintOn({ row: 15, text: "WORDS" }),
        cc1.erase(),
      ),
    );
    expect(texts(shown)).toEqual(["TITLE", "TITLE | WO", "TITLE | WORD", "TITLE | WORDS", ""]);
  });

  test("both channels of both fields, mixed with each other and with XDS", () => {
    const field1 = [
      ...cc1.popOn({ row: 15, text: "ONE" }),
      ...new Line21(2).popOn({ row: 1, text: "TWO" }),
    ];
    const xds: Pair[] = [
      [0x01, 0x03],
      [0x58, 0x44],
      [0x0f, 0x1d],
    ];
    const three = new Line21(3);
    const field2 = [
      ...three.paintOn({ row: 15, text: "TH" }),
      ...xds,
      ...three.paintOn(),
      ...three.characters("REE"),
      ...new Line21(4).rollUp(2, "FOUR"),
    ];
    const shown = decode(spread([...line21Triplets(0, field1), ...line21Triplets(1, field2)]));
    expect(["cc1", "cc2", "cc3", "cc4"].map((channel) => texts(shown, channel).at(-1))).toEqual([
      "ONE",
      "TWO",
      "THREE",
      "FOUR",
    ]);
  });

  test.each([
    { name: "a control pair that is lost once", control: (pair: Pair): Pair[] => [pair] },
    {
      name: "padding between the two of a control pair",
      control: (pair: Pair): Pair[] => [pair, [0, 0], pair],
    },
  ])("$name makes no difference", ({ control }) => {
    const written = cc1
      .popOn({ row: 15, text: "SAME" })
      .filter((_, index, all) => all[index - 1] !== all[index]);
    const changed = written.flatMap((pair) => (pair[0] < 0x20 ? control(pair) : [pair]));
    expect(texts(decode(pairs(changed)))).toEqual(["SAME"]);
  });

  test("special and extended characters, which stand behind their likeness", () => {
    const pairsOf = [
      ...cc1.paintOn({ row: 15, text: "♪ " }),
      ...cc1.characters("A"),
      ...cc1.control(0x12, 0x30), // À
      ...cc1.characters("O"),
      ...cc1.control(0x13, 0x32), // Ö
      ...cc1.characters("-"),
      ...cc1.control(0x12, 0x2a), // —
    ];
    expect(texts(decode(pairs(pairsOf))).at(-1)).toBe("♪ ÀÖ—");
  });

  test("a zero is no character in either place", () => {
    const zeros: Pair[] = [...cc1.paintOn({ row: 15, text: "AB" }), [0, 0x43], [0x44, 0]];
    expect(texts(decode(pairs(zeros))).at(-1)).toBe("ABCD");
  });

  test("backspace, delete to end of row, tab offsets and what is over the edge", () => {
    const control = (second: number): Pair[] => cc1.control(0x14, second);
    const back = [...cc1.paintOn({ row: 15, text: "ABCD" }), ...control(0x21)];
    expect(texts(decode(pairs(back))).at(-1)).toBe("ABC");
    const deleted = [
      ...cc1.paintOn({ row: 15, text: "ABCDEFGH" }),
      ...cc1.control(0x14, 0x72), // row 15, indent 4
      ...control(0x24),
    ];
    expect(texts(decode(pairs(deleted))).at(-1)).toBe("ABCD");
    const long = cc1.paintOn({ row: 15, text: "0123456789012345678901234567890123456" });
    expect(texts(decode(pairs(long))).at(-1)).toBe("01234567890123456789012345678906");
  });

  test("colours, italics and underline are WebVTT's, and spaces between looks belong to neither", () => {
    const styled = [
      ...cc1.paintOn({ row: 15, text: "ONE" }),
      ...cc1.control(0x11, 0x2e), // italics
      ...cc1.characters("TWO"),
      ...cc1.control(0x11, 0x2b), // yellow, underlined
      ...cc1.characters("<&>"),
    ];
    expect(texts(decode(pairs(styled))).at(-1)).toBe(
      "ONE <i>TWO</i> <c.yellow><u>&lt;&amp;&gt;</u></c>",
    );
  });

  test("rows that are centred are one text, rows of two speakers are two", () => {
    const decoder = new CaptionDecoder();
    const cues = (list: readonly Pair[]): string[] => {
      const data = Uint8Array.from(
        line21Triplets(0, list).flatMap(([type, ...pair]) => [4 | type, ...pair]),
      );
      return decoder
        .push(data, 0)
        .flatMap(({ blocks }) => blocks.map(({ text, settings }) => `${text} @ ${settings}`));
    };
    const centred = cc1.popOn(
      { row: 13, indent: 9, text: "THE MIDDLE OF" },
      { row: 14, indent: 11, text: "THE ROAD" },
    );
    expect(cues(centred)).toEqual(["THE MIDDLE OF\nTHE ROAD @ line:74% position:50% align:center"]);
    const speakers = cc1.popOn(
      { row: 14, indent: 0, text: "- WHERE?" },
      { row: 15, indent: 20, text: "- HERE." },
    );
    expect(cues(speakers)).toEqual([
      "- WHERE? @ line:79.33% position:10% align:start",
      "- HERE. @ line:84.67% position:60% align:start",
    ]);
  });

  test("text mode, and what comes before the first command, is not shown", () => {
    const joined = cc1.characters("TAIL OF A CAPTION");
    const textMode = [...cc1.control(0x14, 0x2b), ...cc1.characters("TELETEXT")];
    expect(decode(pairs(joined, textMode))).toEqual([]);
  });

  test("captions of which nothing more is heard are erased", () => {
    const caption = cc1.popOn({ row: 15, text: "STAYS" });
    const idle = Array<Pair>(20).fill([0, 0]);
    const shown = decode(pairs(caption, idle), 16);
    const said = caption.length - 2;
    expect(shown.map(({ at, text }) => [at, ...text])).toEqual([[said, "STAYS"], [said + 16]]);
  });
});

describe("CEA-708", () => {
  /** One packet a picture. */
  const show = (...commands: readonly (readonly number[])[]): Shown[] => {
    const dtvcc = new Dtvcc();
    return decode(commands.map((codes) => dtvcc.packet(1, codes)));
  };

  test("a window that is filled and then displayed is there at once, and goes with it", () => {
    const shown = show(
      defineWindow({ rows: 2 }),
      text708("Hello\nworld…"),
      windows708(0x89, 0),
      windows708(0x8a, 0),
    );
    expect(texts(shown, "service1")).toEqual(["Hello\nworld…", ""]);
  });

  test("a window that is shown while it is written grows and rolls up", () => {
    const shown = show(
      defineWindow({ visible: true, rows: 2 }),
      text708("one"),
      text708("\ntwo"),
      text708("\nthree"),
      windows708(0x88, 0),
    );
    expect(texts(shown, "service1")).toEqual(["one", "one\ntwo", "two\nthree", ""]);
  });

  test("services up to 63, G1, G2, P16 and the note", () => {
    const dtvcc = new Dtvcc();
    const triplets = [2, 6, 7, 63].flatMap((service) =>
      dtvcc.packets(service, [
        ...defineWindow({ visible: true }),
        ...text708(`é“♪ 日本 ${service}`),
      ]),
    );
    const shown = decode(spread(triplets));
    expect([2, 6, 7, 63].map((service) => texts(shown, `service${service}`).at(-1))).toEqual(
      [2, 6, 7, 63].map((service) => `é“♪ 日本 ${service}`),
    );
  });

  test("two windows are two texts, in order of their priority", () => {
    const shown = show(
      defineWindow({ id: 1, visible: true, vertical: 90 }),
      text708("below"),
      defineWindow({ id: 0, visible: true, vertical: 10 }),
      text708("above"),
    );
    expect(texts(shown, "service1").at(-1)).toBe("above | below");
  });

  test.each([
    {
      name: "from the upper left",
      anchorPoint: 0,
      vertical: 50,
      horizontal: 0,
      line: 50,
      position: 10,
    },
    {
      name: "from the lower centre",
      anchorPoint: 7,
      vertical: 100,
      horizontal: 50,
      line: 79.33,
      position: 19.52,
    },
    {
      name: "from the lower right",
      anchorPoint: 8,
      vertical: 100,
      horizontal: 100,
      line: 79.33,
      position: 29.05,
    },
  ])("a window is placed $name", ({ anchorPoint, vertical, horizontal, line, position }) => {
    const data = new Dtvcc()
      .packets(1, [
        ...defineWindow({ visible: true, anchorPoint, vertical, horizontal }),
        ...text708("x"),
      ])
      .flatMap(([type, first, second]) => [4 | type, first, second]);
    const [change] = new CaptionDecoder().push(Uint8Array.from(data), 0);
    expect(change?.blocks[0]?.settings).toBe(`line:${line}% position:${position}% align:start`);
  });

  test("a packet that another one cuts short gives what is whole, and nothing of the next is lost", () => {
    const dtvcc = new Dtvcc();
    const whole = dtvcc.packet(1, [...defineWindow({ visible: true }), ...text708("A")]);
    const cut = dtvcc.packet(1, text708("BCDEFGH")).slice(0, 2);
    const next = dtvcc.packet(1, text708("I"));
    expect(texts(decode([[...whole, ...cut, ...next]]), "service1").at(-1)).toBe("AI");
  });
});

test("CaptionDecoder takes any bytes", () => {
  const holds = fc.property(
    fc.array(fc.uint8Array({ maxLength: 93 }), { maxLength: 20 }),
    (list) => {
      const decoder = new CaptionDecoder();
      for (const [at, data] of list.entries()) {
        for (const { blocks } of decoder.push(data, at)) {
          for (const { text, settings } of blocks) {
            expect(text).not.toBe("");
            expect(text).not.toMatch(/\n\n|-->/);
            expect(settings).toMatch(/^line:[\d.]+% position:[\d.]+% align:(start|center|end)$/);
          }
        }
      }
    },
  );
  fc.assert(holds);
});

describe("against mux.js", () => {
  /** Each text of the decoder under test with its whole life, as mux.js tells it. */
  function whole(units: readonly TimedUnit[]) {
    const decoder = new CaptionDecoder();
    const finder = new CcDataFinder("avc");
    const order = new PresentationOrder();
    const finished: { channel: string; start: number; end: number; lines: string[] }[] = [];
    const open = new Map<string, { start: number; lines: string[] }>();
    const take = (pictures: ReturnType<PresentationOrder["flush"]>): void => {
      for (const { data, shownAt } of pictures) {
        if (data === undefined) continue;
        for (const { channel, blocks } of decoder.push(data, shownAt)) {
          const lines = blocks.flatMap(({ plain }) => plain.split("\n"));
          const before = open.get(channel);
          if (String(before?.lines ?? []) === String(lines)) continue;
          if (before !== undefined) finished.push({ channel, ...before, end: shownAt });
          if (lines.length === 0) open.delete(channel);
          else open.set(channel, { start: shownAt, lines });
        }
      }
    };
    for (const { unit, at, decodedAt } of units) {
      const data = finder.find(insertUnits([unit], new Uint8Array(0)));
      take(order.push({ decodedAt, shownAt: at, data }, undefined));
    }
    take(order.flush());
    return finished;
  }

  test("the pop-on captions of sintel-captions.ts, at the same times", () => {
    const units = muxSample("sintel-captions.ts");
    const theirs = muxCaptions(units);
    expect(theirs.length).toBeGreaterThan(0);
    expect(whole(units)).toEqual(
      theirs.map(({ channel, start, end, lines }) => ({
        ...{ channel, lines },
        start: expect.closeTo(start, 3),
        end: expect.closeTo(end, 3),
      })),
    );
  });

  test("the roll-up captions of multi-channel-608-captions.ts, from their last letter on", () => {
    const units = muxSample("multi-channel-608-captions.ts");
    const theirs = muxCaptions(units);
    expect(new Set(theirs.map(({ channel }) => channel))).toEqual(new Set(["cc1", "cc3"]));
    const ours = whole(units);
    for (const cue of theirs) {
      const same = ours.filter(
        ({ channel, lines }) => `${channel} ${lines}` === `${cue.channel} ${cue.lines}`,
      );
      expect(same, cue.lines.join()).toHaveLength(1);
      // It takes a line to begin with the one before it, and to end before it rolls up.
      expect(same[0]?.start).toBeGreaterThan(cue.start);
      expect(same[0]?.start).toBeLessThanOrEqual(cue.end);
      expect(same[0]?.end).toBeGreaterThanOrEqual(cue.end - 1e-6);
    }
  });

  test("what this project's tests write is read alike", () => {
    const dtvcc = new Dtvcc();
    const triplets = [
      ...line21Triplets(0, [
        ...cc1.popOn(
          { row: 13, indent: 8, text: "First row" },
          { row: 14, indent: 8, text: "second row" },
        ),
        ...cc1.erase(),
        ...new Line21(2).popOn({ row: 15, text: "canal dos" }),
        ...new Line21(2).erase(),
      ]),
      ...line21Triplets(1, [
        ...new Line21(3).popOn({ row: 1, text: "third" }),
        ...new Line21(3).erase(),
      ]),
      ...dtvcc.packets(
        1,
        defineWindow(),
        text708("seven\noh eight"),
        windows708(0x89, 0),
        windows708(0x8a, 0),
        [3], // mux.js takes a packet apart when the next one begins
      ),
    ];
    const units = spread(triplets, 3).map((entries, index) => ({
      unit: captionUnit(padded(entries)),
      at: index * FRAME,
      decodedAt: index * FRAME,
    }));
    const theirs = muxCaptions(units).map(({ channel, lines }) => [channel, ...lines].join());
    const ours = whole(units).map(({ channel, lines }) => [channel, ...lines].join());
    expect(ours.sort()).toEqual([
      "cc1,First row,second row",
      "cc2,canal dos",
      "cc3,third",
      "service1,seven,oh eight",
    ]);
    expect(theirs.sort()).toEqual(ours);
  });
});
