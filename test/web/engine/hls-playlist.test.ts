import { expect, test } from "vitest";
import {
  admitted,
  holdBackOf,
  listedTime,
  textIdOf,
  trackIdOf,
  trackPlaylist,
  withStart,
} from "../../../web/engine/hls-playlist.ts";

test("listedTime is the time of all segments and of the parts behind the last", () => {
  const playlist = `#EXTM3U
#EXT-X-TARGETDURATION:10
#EXT-X-PART-INF:PART-TARGET=0.21
#EXTINF:2.00000,
a.m4s
#EXT-X-PART:DURATION=1.00000,INDEPENDENT=YES,URI="b1.m4s"
#EXT-X-PART:DURATION=1.00000,URI="b2.m4s"
#EXTINF:2.00000,
b.m4s
#EXT-X-PART:URI="c1.m4s",DURATION=0.20000,INDEPENDENT=YES
#EXT-X-PART:DURATION=0.10000,URI="c2.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="c3.m4s"
`;
  expect(listedTime(playlist)).toBeCloseTo(4_300);
  expect(listedTime("#EXTM3U\n")).toBe(0);
});

test("a track's playlist is found beside the multivariant one, and names its track", () => {
  const url = trackPlaylist("http://h/x/streams/live/demo/index.m3u8", 12);
  expect(url).toBe("http://h/x/streams/live/demo/t12.m3u8");
  expect(trackIdOf(url)).toBe(12);
  expect(trackIdOf(`${url}?_HLS_msn=3`)).toBe(12);
  expect(trackIdOf("http://h/streams/live/demo/index.m3u8")).toBeUndefined();
});

test("textIdOf names the text track of a playlist", () => {
  expect(textIdOf("http://h/streams/live/demo/text-cc1.m3u8?_HLS_msn=3")).toBe("cc1");
  expect(textIdOf("http://h/streams/live/demo/text-text-de.m3u8")).toBe("text-de");
  expect(textIdOf("http://h/streams/live/demo/t1.m3u8")).toBeUndefined();
});

test("what let a viewer in to the playlist lets them in to all that it names", () => {
  const playlist = "http://h/streams/live/demo/index.m3u8?token=a";
  expect(trackPlaylist(playlist, 1)).toBe("http://h/streams/live/demo/t1.m3u8?token=a");
  const part = "http://h/streams/live/demo/t1.m3u8?_HLS_msn=3";
  expect(admitted(part, playlist)).toBe(`${part}&token=a`);
  expect(admitted(admitted(part, playlist), playlist)).toBe(`${part}&token=a`);
  expect(admitted(part, "http://h/streams/live/demo/index.m3u8")).toBe(part);
});

test("holdBackOf is what the parts ask for, or else the segments", () => {
  const holdBack = (attributes: string) =>
    holdBackOf(`#EXTM3U\n#EXT-X-SERVER-CONTROL:${attributes}\n#EXTINF:1,\na.m4s\n`);
  expect(holdBack("CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.63,HOLD-BACK=6")).toBe(0.63);
  expect(holdBack("HOLD-BACK=6,PART-HOLD-BACK=0.63")).toBe(0.63);
  expect(holdBack("CAN-BLOCK-RELOAD=YES,HOLD-BACK=6.5")).toBe(6.5);
  expect(holdBackOf("#EXTM3U\n")).toBe(0);
});

test("withStart has a playlist played from so long before its end", () => {
  const playlist = "#EXTM3U\n#EXT-X-VERSION:9\n";
  expect(withStart(playlist, 1.23456)).toBe(
    "#EXTM3U\n#EXT-X-START:TIME-OFFSET=-1.235,PRECISE=YES\n#EXT-X-VERSION:9\n",
  );
  expect(withStart(playlist, undefined)).toBe(playlist);
});
