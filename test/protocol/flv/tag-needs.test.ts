import { expect, test } from "vitest";
import type { Bytes } from "../../../server/protocol/bytes/bytes.ts";
import { tagNeeds } from "../../../server/protocol/flv/tag-needs.ts";
import type { MediaType } from "../../../server/protocol/media/track.ts";
import { hex } from "../../support/hex.ts";

const needs = (fourCc: string | undefined, more: object = {}) => ({
  ...{ fourCc, isMultitrack: false, hasModEx: false },
  ...more,
});

// The bodies are those of Enhanced RTMP v2's tables, as FFmpeg 8.1 and OBS write them.
test.each<[string, MediaType, Bytes, unknown]>([
  ["AVC", "video", hex`17 01 000050`, undefined],
  ["AAC", "audio", hex`af 01`, undefined],
  ["Speex", "audio", hex`b2 00`, undefined],
  ["nothing", "audio", hex``, undefined],
  ["HEVC", "video", hex`91 68766331 000050`, needs("hvc1")],
  ["AV1's sequence header", "video", hex`90 61763031`, needs("av01")],
  ["Opus", "audio", hex`91 4f707573`, needs("Opus")],
  ["video metadata", "video", hex`d4 68766331 02`, needs("hvc1")],
  ["a command frame", "video", hex`d1 00`, needs(undefined)],
  ["another video track", "video", hex`96 01 61766331 01`, needs("avc1", { isMultitrack: true })],
  ["another audio track", "audio", hex`95 00 6d703461 01`, needs("mp4a", { isMultitrack: true })],
  ["many codecs", "audio", hex`95 21 4f707573 00`, needs("Opus", { isMultitrack: true })],
  ["ModEx", "video", hex`97 02 03d090 03 68766331`, needs("hvc1", { hasModEx: true })],
])("tagNeeds: %s", (_, mediaType, body, expected) => {
  expect(tagNeeds(mediaType, body)).toEqual(expected);
});
