import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { equal } from "../../../server/protocol/bytes/bytes.ts";
import { Blanking } from "../../../server/protocol/capture/blank.ts";
import { FlvDemuxer } from "../../../server/protocol/flv/demuxer.ts";
import { type FlvTag, FlvTagReader, FlvTagType } from "../../../server/protocol/flv/tag.ts";
import type { MediaEvent } from "../../../server/protocol/media/sample.ts";
import { hex } from "../../support/hex.ts";

const vector = (name: string) => new URL(`../../vectors/flv/${name}.flv`, import.meta.url);

/** What a demuxer makes of tags, without the bytes of samples: those apart. */
function demuxed(tags: readonly FlvTag[]) {
  const demuxer = new FlvDemuxer({
    place: (timestamp) => timestamp,
    peek: (timestamp) => timestamp,
    onIgnored: (code) => events.push(code),
  });
  const events: unknown[] = [];
  const data: Uint8Array[] = [];
  const take = (all: readonly MediaEvent[]) => {
    for (const event of all) {
      if (event.type !== "sample") {
        events.push(event);
        continue;
      }
      const { data: bytes, original: _, ...rest } = event.sample;
      data.push(bytes);
      events.push({ ...rest, size: bytes.length });
    }
  };
  for (const { typeId, timestamp, payload } of tags) {
    if (typeId === FlvTagType.Audio) take(demuxer.audio(timestamp, payload));
    else if (typeId === FlvTagType.Video) take(demuxer.video(timestamp, payload));
    else take(demuxer.data(timestamp, payload, "amf0"));
  }
  return { events, data };
}

test.each([
  "ffmpeg-5.1-h264-bframes-aac",
  "ffmpeg-5.1-mp3",
  "ffmpeg-8.1-ac3",
  "ffmpeg-8.1-av1-flac",
  "ffmpeg-8.1-hevc-opus",
  "ffmpeg-8.1-multitrack-h264-aac",
  "ffmpeg-8.1-vp9-eac3",
])("Blanking leaves the demuxer its way through %s, and nothing of picture and sound", (name) => {
  const tags = new FlvTagReader().push(new Uint8Array(readFileSync(vector(name))));
  const blanking = new Blanking();
  const blanked = tags.map((tag) => {
    const payload = new Uint8Array(tag.payload);
    if (tag.typeId === FlvTagType.Audio) blanking.audio(payload);
    if (tag.typeId === FlvTagType.Video) blanking.video(payload);
    return { ...tag, payload };
  });
  const [before, after] = [demuxed(tags), demuxed(blanked)];
  expect(after.events).toEqual(before.events);
  // Heads, parameter sets and SEI stay, and are all there is in the smallest frames.
  const isChanged = (bytes: Uint8Array, index: number) =>
    !equal(bytes, before.data[index] ?? bytes);
  expect(after.data.filter(isChanged).length).toBeGreaterThan(after.data.length / 2);
  for (const bytes of after.data) if (bytes.length > 1200) expect(bytes.at(-1)).toBe(0x55);
});

test("Blanking keeps parameter sets and heads of slices, by the length size of the configuration", () => {
  const blanking = new Blanking();
  blanking.video(hex`17 00 000000 01 640028 fd e0 00`); // lengths of 2 bytes
  const body = hex`17 01 000000 0003 68ee3c 000c 65 0102030405060708 090a0b 0002 06ff`;
  blanking.video(body);
  expect(body).toEqual(hex`17 01 000000 0003 68ee3c 000c 65 0102030405060708 555555 0002 06ff`);
});

test("Blanking takes all of linear PCM, and all but the head of what it does not know", () => {
  const pcm = hex`3f 0102030405`;
  new Blanking().audio(pcm);
  expect(pcm).toEqual(hex`3f 5555555555`);
  const vp6 = hex`14 ${new Uint8Array(20).fill(1)}`;
  new Blanking().video(vp6);
  expect(vp6).toEqual(hex`14 ${new Uint8Array(16).fill(1)} 55555555`);
  const broken = hex`87 ${new Uint8Array(20).fill(0xee)}`;
  new Blanking().video(broken);
  expect(broken).toEqual(hex`87 ${new Uint8Array(15).fill(0xee)} 5555555555`);
});
