import fc from "fast-check";
import { expect, test } from "vitest";
import {
  initName,
  partName,
  playlistName,
  readResourceName,
  segmentName,
  textPlaylistName,
  textSegmentName,
} from "../../../server/protocol/hls/resource-name.ts";

test("readResourceName reads every name that is written", () => {
  const life = fc.integer({ min: 0, max: 2 ** 45 }).map((ms) => ms.toString(36));
  const trackId = fc.integer({ min: 1, max: 65_535 });
  const number = fc.integer({ min: 1, max: 2 ** 29 });
  fc.assert(
    fc.property(trackId, life, number, fc.boolean(), (id, of, n, isPacked) => {
      expect(readResourceName(playlistName(id))).toEqual({ type: "playlist", trackId: id });
      expect(readResourceName(initName(id, of, n))).toEqual({
        type: "init",
        trackId: id,
        life: of,
        configuration: n,
      });
      expect(readResourceName(segmentName(id, of, n, isPacked))).toEqual({
        type: "segment",
        trackId: id,
        life: of,
        mediaSequence: n,
        isPacked,
      });
      expect(readResourceName(partName(id, of, n, isPacked))).toEqual({
        type: "part",
        trackId: id,
        life: of,
        number: n,
        isPacked,
      });
    }),
  );
});

test("readResourceName reads the names of text, whatever the track is called", () => {
  const textId = fc.constantFrom("cc1", "service63", "text-en", "text-zh-Hant-TW", "text-1-2");
  const life = fc.integer({ min: 0, max: 2 ** 45 }).map((ms) => ms.toString(36));
  fc.assert(
    fc.property(textId, life, fc.integer({ min: 1, max: 2 ** 29 }), (id, of, n) => {
      expect(readResourceName(textPlaylistName(id))).toEqual({ type: "text-playlist", textId: id });
      expect(readResourceName(textSegmentName(id, of, n))).toEqual({
        type: "text-segment",
        textId: id,
        life: of,
        mediaSequence: n,
      });
    }),
  );
});

test.each([
  "",
  "index.m3u",
  "t1",
  "t1.M3U8",
  "t.m3u8",
  "t1-x.m4s",
  "t1-x-i1.m4s",
  "t1-X-1.m4s",
  "t1-x-p.m4s",
  "text-.m3u8",
  "text-a_b.m3u8",
  "text-a-x-1.m4s",
])("readResourceName takes %j for none of ours", (name) =>
  expect(readResourceName(name)).toBeUndefined(),
);

test("readResourceName takes any text", () => {
  fc.assert(fc.property(fc.string({ maxLength: 100 }), (name) => void readResourceName(name)));
});
