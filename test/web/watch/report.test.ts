import { describe, expect, test } from "vitest";
import type { Capabilities } from "../../../web/watch/capabilities.ts";
import { reportText, type SupportReport, withoutSecrets } from "../../../web/watch/report.ts";

describe("withoutSecrets", () => {
  test.each([
    [
      "Cannot read https://h/streams/a/b/index.m3u8?token=abc: 403",
      "Cannot read https://h/streams/a/b/index.m3u8?… 403",
    ],
    ["/streams/a/b/ws?ticket=1&x failed", "/streams/a/b/ws?… failed"],
    ["the ticket topsecret is old, topsecret!", "the ticket … is old, …!"],
    ["What now? Nothing", "What now? Nothing"],
  ])("%s", (text, clean) => {
    expect(withoutSecrets(text, ["topsecret", ""])).toBe(clean);
  });

  test("looks everywhere", () => {
    const report = { a: [{ b: "wss://h/x?key=topsecret" }, 5, null, undefined, true] };
    expect(withoutSecrets(report, ["topsecret"])).toEqual({
      a: [{ b: "wss://h/x?…" }, 5, null, undefined, true],
    });
  });
});

const browser: Capabilities = {
  ...{ userAgent: "Browser/1", isSecureContext: true, isCrossOriginIsolated: false },
  features: { MediaSource: true, WebTransport: false },
  mediaSource: { 'video/mp4; codecs="hvc1.1.6.L93.B0"': false, "audio/mpeg": true },
  nativeHls: "",
};

const report: SupportReport = {
  ...{ kind: "sluice-support-report", version: 1, at: "2026-05-01T10:00:00.000Z", age: 61_000 },
  ...{ server: { version: "1.2.3" }, streamPath: "live/demo" },
  player: {
    ...{ asked: { latency: "low", transport: "auto" }, state: "error", isHidden: true },
    error: { name: "CODEC_UNSUPPORTED", message: "Cannot play hvc1" },
    ...{ stats: undefined, tracks: [], textTracks: [] },
  },
  minute: [
    {
      ...{ at: 60_000, state: "live", transport: "websocket", delay: 110, target: 100 },
      ...{ buffer: 98, rate: 1, jitter: 3, roundTrip: 1, bitrate: 2_000_000, frameRate: 30 },
      ...{ shown: 300, dropped: 3, stalls: 1 },
    },
  ],
  log: [{ at: 1_250, what: "idle → connecting", times: 3, last: 2_000 }],
  ...{ stream: undefined, health: undefined, browser },
};

test("reportText says all of it in lines", () => {
  expect(reportText(report).split("\n")).toEqual([
    "Sluice support report · 2026-05-01T10:00:00.000Z",
    "stream    live/demo",
    "server    1.2.3",
    "browser   Browser/1",
    "asked     latency low, transport auto",
    "state     error, in the background",
    "error     CODEC_UNSUPPORTED: Cannot play hvc1",
    "",
    "The last 1 seconds",
    "   at  state         delay  buffer  rate   kbit/s   fps  dropped  stalls",
    "   60  live            110      98  1.00     2000  30.0        3       1",
    "",
    "What happened",
    "    1.3 s  idle → connecting (3 times)",
    "",
    "What this browser lacks",
    "  WebTransport",
    '  video/mp4; codecs="hvc1.1.6.L93.B0"',
  ]);
});
