import fc from "fast-check";
import { expect, test } from "vitest";
import {
  initName,
  playlistName,
  readResourceName,
  segmentName,
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
    }),
  );
});

test.each(["", "index.m3u", "t1", "t1.M3U8", "t.m3u8", "t1-x.m4s", "t1-x-i1.m4s", "t1-X-1.m4s"])(
  "readResourceName takes %j for none of ours",
  (name) => expect(readResourceName(name)).toBeUndefined(),
);

test("readResourceName takes any text", () => {
  fc.assert(fc.property(fc.string({ maxLength: 100 }), (name) => void readResourceName(name)));
});
