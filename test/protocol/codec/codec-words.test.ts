import { expect, test } from "vitest";
import { codecWords } from "../../../server/protocol/codec/codec-words.ts";

test.each([
  ["avc1.64001f", "H.264", "High", "3.1"],
  ["avc1.42c01e", "H.264", "Constrained Baseline", "3.0"],
  ["avc1.6e0028", "H.264", "High 10", "4.0"],
  ["avc3.7a0033", "H.264", "High 4:2:2", "5.1"],
  ["hvc1.1.6.L93.B0", "HEVC", "Main", "3.1"],
  ["hev1.2.4.H153.B0", "HEVC", "Main 10", "5.1"],
  ["av01.0.08M.08", "AV1", "Main", "4.0"],
  ["vp09.02.41.10", "VP9", "Profile 2", "4.1"],
  ["vp08.00.10.08", "VP8", undefined, undefined],
  ["mp4a.40.2", "AAC", "LC", undefined],
  ["mp4a.40.34", "MP3", undefined, undefined],
  ["mp4a.40.29", "AAC", "HE v2", undefined],
  ["mp3", "MP3", undefined, undefined],
  ["opus", "Opus", undefined, undefined],
  ["x-new.1", "x-new.1", undefined, undefined],
])("codecWords says of %s: %s %s %s", (codec, name, profile, level) => {
  expect({ profile: undefined, level: undefined, ...codecWords(codec) }).toEqual({
    ...{ name, profile, level },
  });
});
