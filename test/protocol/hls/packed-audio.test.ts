import { expect, test } from "vitest";
import { ascii } from "../../../server/protocol/bytes/bytes.ts";
import { packedAudioTag } from "../../../server/protocol/hls/packed-audio.ts";
import { hex } from "../../support/hex.ts";

const owner = ascii("com.apple.streaming.transportStreamTimestamp");

// ID3v2.4 structure §3.1 and frames §4.27; RFC 8216bis §3.1.4 for the owner and its 8 bytes
test("packedAudioTag writes one PRIV frame with the time at 90 kHz", () => {
  expect(packedAudioTag(44_100 * 10, 44_100)).toEqual(
    hex`${ascii("ID3")} 0400 00 0000003f        // 63 bytes follow
        ${ascii("PRIV")} 00000035 0000          // 53 bytes follow
        ${owner} 00  0000 0000 000d bba0        // 900000`,
  );
});

test("packedAudioTag wraps at 33 bits", () => {
  const tag = packedAudioTag(2 ** 33 + 5, 90_000);
  expect(tag.subarray(-8)).toEqual(hex`0000 0000 0000 0005`);
});
