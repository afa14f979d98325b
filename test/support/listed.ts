import type { ListedHealth } from "../../server/protocol/wire/stream-health.ts";
import type { ListedStream } from "../../server/protocol/wire/stream-list.ts";

/** Good health, as the API tells it, but for what is set. */
export const listedHealth = (fields: Partial<ListedHealth> = {}): ListedHealth => ({
  at: 1_700_000_030_000,
  bitrate: { now: 2_100_000, mean: 2_100_000, peak: 2_500_000 },
  frameRate: 29.97,
  declaredFrameRate: 30,
  keyframes: { last: 2000, pictures: 60, longest: 2000, shortest: 2000 },
  avOffset: 4,
  jitter: 6,
  pause: { current: 12, longest: 40 },
  drops: { missing: 0, badMessages: 0 },
  second: { bitrate: 2_100_000, pictures: 30, drops: 0 },
  findings: [],
  ...fields,
});

/** A live stream in good health, as the API tells it, but for what is set. */
export const listedStream = (path: string, fields: Partial<ListedStream> = {}): ListedStream => ({
  path,
  state: "live",
  startedAt: "2026-05-01T10:00:00.000Z",
  uptimeSeconds: 60,
  bitrate: 2_100_000,
  viewers: { websocket: 0, hls: 0, flv: 0, mp4: 0, rtmp: 0, total: 0, previews: 0 },
  tracks: [],
  unplayable: [],
  health: listedHealth(),
  warnings: [],
  ...fields,
});
