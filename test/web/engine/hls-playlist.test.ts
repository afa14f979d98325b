import { expect, test } from "vitest";
import {
  admitted,
  listedTime,
  textIdOf,
  trackIdOf,
  trackPlaylist,
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
