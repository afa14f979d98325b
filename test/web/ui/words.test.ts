import { expect, test } from "vitest";
import { codecName, describeCodec, noPosterWords } from "../../../web/ui/words.ts";

const hevc = { mediaType: "video", codec: "hvc1.1.6.L93.B0" } as const;

test("noPosterWords says why there is no still, and nothing where one is on its way", () => {
  const sound = { mediaType: "audio", codec: "mp4a.40.2" } as const;
  const words = (tracks: readonly (typeof hevc | typeof sound)[], isShowable = false) =>
    noPosterWords({ tracks, unplayable: [] }, () => isShowable);
  expect(words([hevc, sound], true)).toBe("");
  expect(words([hevc, sound])).toBe("HEVC: no preview in this browser");
  expect(words([sound])).toBe("Sound only");
  expect(words([])).toBe("");
  const unplayable = [{ mediaType: "video", codecName: "VP6" }] as const;
  expect(noPosterWords({ tracks: [sound], unplayable }, () => true)).toBe(
    "VP6: no browser shows it",
  );
});

test.each([
  ["avc1.64001f", "H.264"],
  ["mp4a.40.2", "AAC"],
  ["mp4a.6B", "MP3"],
  ["mp4a.40.34", "MP3"],
  ["av01.0.04M.08", "AV1"],
  ["opus", "Opus"],
  ["ec-3", "E-AC-3"],
  ["what", "what"],
])("codecName(%s) is %s", (codec, name) => {
  expect(codecName(codec)).toBe(name);
  expect(describeCodec("what")).toBe("what");
});
