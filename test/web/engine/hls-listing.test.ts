import { describe, expect, test } from "vitest";
import { multivariantPlaylist } from "../../../server/protocol/hls/multivariant-playlist.ts";
import { type Decodes, playableListing, signatureOf } from "../../../web/engine/hls-listing.ts";

const video = (id: number, codec: string, height = 720) => ({
  ...{ uri: `t${id}.m3u8`, codecs: [codec], peakBitrate: height * 1_000, averageBitrate: 9_000 },
  ...{ width: (height * 16) / 9, height, frameRate: 30 },
});
const audio = (id: number, codec: string, language = "und") => ({
  ...{ uri: `t${id}.m3u8`, codecs: [codec], peakBitrate: 1_000, averageBitrate: 900 },
  ...{ name: `Sound ${id}`, language, channels: 2 },
});
const [AVC, HEVC, AAC, AC3, MP3] = ["avc1.64001f", "hvc1.1.6.L93.B0", "mp4a.40.2", "ac-3", "mp3"];

const listing = (
  videos: readonly ReturnType<typeof video>[],
  audios: readonly ReturnType<typeof audio>[],
) => multivariantPlaylist({ videos, audios, texts: [], captions: [] });

/** As Chromium without an HEVC decoder. */
const decodes: Decodes = ({ codec }) => /^(avc1|mp4a)/.test(codec);

/** Each variant as `URI codecs group`, and the sounds of each group as `group URI`. */
function readable(text: string): string[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const of = (name: string) => new RegExp(`[,:]${name}="([^"]*)"`).exec(line)?.[1] ?? "-";
    if (line.startsWith("#EXT-X-MEDIA")) return [`${of("GROUP-ID")} ${of("URI")}`];
    if (!line.startsWith("#EXT-X-STREAM-INF")) return [];
    return [`${lines[index + 1]} ${of("CODECS")} ${of("AUDIO")}`];
  });
}

describe("playableListing", () => {
  test.each([
    {
      name: "leaves what can be played as it is",
      text: listing([video(1, AVC), video(3, AVC, 360)], [audio(2, AAC)]),
      gives: ["audio t2.m3u8", `t1.m3u8 ${AVC},${AAC} audio`, `t3.m3u8 ${AVC},${AAC} audio`],
    },
    {
      name: "takes a sound away from the picture that can be played",
      text: listing([video(1, AVC)], [audio(2, AC3)]),
      gives: [`t1.m3u8 ${AVC} -`],
    },
    {
      name: "takes the picture away from a sound that can be played",
      text: listing([video(1, HEVC), video(3, HEVC, 360)], [audio(2, AAC)]),
      gives: [`t2.m3u8 ${AAC} -`],
    },
    {
      name: "leaves sounds to choose from where there is no picture",
      text: listing([video(1, HEVC)], [audio(2, AAC, "en"), audio(4, AAC, "de"), audio(5, AC3)]),
      gives: ["audio-mp4a t2.m3u8", "audio-mp4a t4.m3u8", `t2.m3u8 ${AAC} audio-mp4a`],
    },
    {
      name: "lists a picture once where one of two groups can be played",
      text: listing([video(1, AVC)], [audio(2, AC3), audio(4, AAC)]),
      gives: ["audio-mp4a t4.m3u8", `t1.m3u8 ${AVC},${AAC} audio-mp4a`],
    },
    {
      name: "leaves a picture out that has others beside it",
      text: listing([video(1, HEVC), video(3, AVC, 360)], [audio(2, AC3)]),
      gives: [`t3.m3u8 ${AVC} -`],
    },
    {
      name: "does not name MP3, which hls.js would leave out",
      text: listing([video(1, AVC)], [audio(2, MP3)]),
      gives: ["audio t2.m3u8", `t1.m3u8 ${AVC} audio`],
    },
    {
      name: "leaves a sound alone",
      text: listing([], [audio(2, AAC)]),
      gives: [`t2.m3u8 ${AAC} -`],
    },
  ])("$name", ({ text, gives }) => {
    expect(readable(playableListing(text, decodes))).toEqual(gives);
  });

  test("gives what there was where nothing can be played", () => {
    const text = listing([video(1, HEVC)], [audio(2, AC3)]);
    expect(playableListing(text, decodes)).toBe(text);
    expect(playableListing("", decodes)).toBe("");
  });

  test("says nothing of pictures where there is only sound", () => {
    const text = playableListing(listing([video(1, HEVC)], [audio(2, AAC)]), decodes);
    expect(text).not.toMatch(/RESOLUTION|FRAME-RATE|VIDEO-RANGE|CLOSED-CAPTIONS/);
    expect(text).toMatch(/^#EXTM3U\n#EXT-X-VERSION/);
  });
});

test("signatureOf tells other tracks and other codecs, and nothing else", () => {
  const one = listing([video(1, AVC)], [audio(2, AAC)]);
  const same = listing([{ ...video(1, "avc1.42c01e", 360), peakBitrate: 1 }], [audio(2, AAC)]);
  expect(signatureOf(same)).toBe(signatureOf(one));
  const others = [
    listing([video(1, HEVC)], [audio(2, AAC)]),
    listing([video(1, AVC)], [audio(2, AC3)]),
    listing([video(1, AVC)], []),
    listing([video(1, AVC), video(3, AVC)], [audio(2, AAC)]),
    listing([video(1, AVC)], [audio(2, AAC), audio(4, AAC)]),
  ];
  for (const other of others) expect(signatureOf(other)).not.toBe(signatureOf(one));
});
