import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fragmentHead } from "../../server/protocol/isobmff/media-segment.ts";
import { decodeFrames } from "../../server/protocol/wire/frame.ts";
import { hex } from "../support/hex.ts";

const document = readFileSync(join(import.meta.dirname, "../../docs/wire.md"), "utf8");

/** The contents of the fenced blocks of one language. */
const blocks = (language: string) =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(
    ([, text = ""]) => text,
  );

/** The example as bytes: `hex` takes a template without values. */
const bytesOf = (text: string) => hex(Object.assign([text], { raw: [text] }));

test("the worked example of docs/wire.md reads as it says", () => {
  const [example = ""] = blocks("hex");
  const described: unknown = JSON.parse(blocks("json").at(-1) ?? "");
  const bytes = bytesOf(example);
  expect(bytes).toHaveLength(160);
  const [frame, ...more] = decodeFrames(bytes);
  expect(more).toEqual([]);
  const { payload = new Uint8Array(0), ...header } = frame ?? {};
  expect(header).toEqual(described);
  const head = fragmentHead({
    trackId: 1,
    sequenceNumber: 7,
    dts: 918_000,
    compositionOffset: 3000,
    duration: 9000,
    isSync: true,
    isDisposable: false,
    mediaType: "video",
    size: 8,
  });
  expect(payload.subarray(0, 112)).toEqual(head);
  expect(payload.subarray(112)).toEqual(hex`00000004 65888421`);
});

test("the messages of docs/wire.md are JSON with a type", () => {
  const inline = [...document.matchAll(/`(\{ "type": [^`]+\})`/g)].map(([, text = ""]) => text);
  const fenced = blocks("json").slice(0, -1);
  const types = [...fenced, ...inline]
    .map((text) => text.replace("…,", "0,").replace(": … }", ": 0 }"))
    .map((text) => (JSON.parse(text) as { type: string }).type);
  expect(new Set(types)).toEqual(
    new Set([
      ...[
        "hello",
        "state",
        "tracks",
        "selected",
        "history",
        "dropped",
        "bitrates",
        "encoder",
        "text-tracks",
        "cue",
        "data",
        "clock",
        "error",
      ],
      "queued",
      "select",
    ]),
  );
});
