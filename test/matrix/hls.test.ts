import { afterAll, beforeAll, describe, type TestContext, test } from "vitest";
import {
  Dtvcc,
  defineWindow,
  Line21,
  line21Triplets,
  script,
  text708,
  windows708,
  withCaptions,
} from "../support/captions.ts";
import { makeCertificate, type TestCertificate } from "../support/certificate.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { readFlvFile } from "../support/flv-file.ts";
import { expectStrictHls, type HlsBroadcast } from "../support/hls-broadcast.ts";
import { http2Origin, httpOrigin } from "../support/hls-checker/node-origin.ts";
import type { Report } from "../support/hls-checker/report.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { FFMPEG, FFMPEG_8, TEST_CLIENT } from "./broadcasts.ts";
import type { Row } from "./row.ts";
import { SECONDS } from "./seconds.ts";

// A running stream, read as low-latency players would, every rule verified against its bytes.

/** As it comes, and with segments that leave the playlist within a minute. */
const servers: RunningSluice[] = [];
let certificate: TestCertificate;

beforeAll(async () => {
  certificate = makeCertificate();
  const { cert, key } = certificate;
  const tls = ["--https-port", "0", "--tls-cert", cert, "--tls-key", key];
  const short = ["--hls-target-duration", "2", "--dvr", "20s"];
  servers.push(await startSluice(["--grace-period", "3", ...tls]));
  servers.push(await startSluice(["--grace-period", "15", ...short]));
});

afterAll(async () => {
  for (const server of servers) await server.stop();
  certificate.remove();
});

/** A publisher is there before the check, and stays until after it. */
const LENGTH = SECONDS + 20;

type Broadcast = {
  readonly published: string;
  readonly client?: string;
  readonly clips?: readonly ClipOptions[];
  /** In another way than clips from one end to the other. @returns what ends it */
  readonly publish?: (url: string) => Promise<() => Promise<unknown>>;
  /** Target duration of 2 s instead of 10 s, and a window of 20 s. */
  readonly isShort?: boolean;
  readonly isHttp2?: boolean;
  readonly options?: Partial<HlsBroadcast>;
  readonly notes?: string;
};

const AV: ClipOptions = { video: "h264", audio: "aac", bFrames: 2, seconds: LENGTH };
const LOW: ClipOptions = {
  ...{ ...AV, width: 320, height: 180, bitrate: 200, bFrames: 0, channels: 1 },
};
const LOWEST: ClipOptions = { ...LOW, width: 160, height: 90, bitrate: 100, sampleRate: 44_100 };

/** While nobody publishes, requests are answered with what there is, before players give up. */
const AWAY: Partial<HlsBroadcast> = {
  mayPause: true,
  playlists: 2,
  except: ["block-early", "cache-blocking"],
};
const AWAY_NOTES =
  "while nobody publishes, a blocking request is answered with what there is after half a target duration";

/** So many of them one after the other. */
const ALONE = 4;

const BROADCASTS: readonly Broadcast[] = [
  { published: "H.264 with B-frames, AAC", clips: [AV] },
  {
    published: "H.264 with B-frames, AAC; target duration of 2 s, window of 20 s",
    clips: [AV],
    isShort: true,
  },
  { published: "H.264 with B-frames, AAC; over HTTP/2", clips: [AV], isHttp2: true },
  { published: "H.264 in three sizes, AAC three times", clips: [AV, LOW, LOWEST] },
  {
    published: "H.264 in two sizes, AAC twice; target duration of 2 s, window of 20 s",
    clips: [AV, LOW],
    isShort: true,
  },
  { published: "AAC alone", clips: [{ ...AV, video: "none" }] },
  { published: "MP3 alone", clips: [{ ...AV, video: "none", audio: "mp3" }] },
  { published: "H.264 alone", clips: [{ ...AV, audio: "none" }] },
  { published: "H.264 at 29.97 a second, AAC", clips: [{ ...AV, frameRate: 30_000 / 1001 }] },
  { published: "H.264 at 25 a second, AAC", clips: [{ ...AV, frameRate: 25, gop: 50 }] },
  {
    published: "H.264 at 60 a second, AAC at 44.1 kHz",
    clips: [{ ...AV, frameRate: 60, gop: 120, sampleRate: 44_100 }],
  },
  { published: "HEVC, Opus", clips: [{ ...AV, video: "hevc", audio: "opus" }] },
  { published: "AV1, FLAC", clips: [{ ...AV, video: "av1", audio: "flac" }] },
  { published: "VP9, AC-3", clips: [{ ...AV, video: "vp9", audio: "ac3" }] },
  {
    published: "H.264 with a GOP of 15 s, AAC: segments that begin with a plain sample",
    clips: [{ ...AV, gop: 450 }],
    // Of a segment of ten seconds it cannot be asked.
    options: { except: ["segment-sync"] },
  },
  {
    published: "H.264 and AAC, for half of the time: the end",
    clips: [{ ...AV, seconds: SECONDS / 2 }],
  },
  {
    published: "H.264 and AAC; sound ends after a quarter of the time",
    clips: [
      { ...AV, audio: "none" },
      { ...AV, video: "none", seconds: SECONDS / 4 },
    ],
    options: { mayPause: true, except: ["hint-present", "report-present", "block-early"] },
    notes:
      "who goes on with the playlist of the sound that is gone gets gaps, without hints and reports",
  },
  {
    published: "H.264 and AAC, then in another size: a publisher's return",
    isShort: true,
    client: FFMPEG,
    publish: (url) => returning(url, 0),
    options: AWAY,
    notes: AWAY_NOTES,
  },
  {
    published: "H.264 and AAC; a publisher comes back after 8 s",
    isShort: true,
    client: FFMPEG,
    publish: (url) => returning(url, 8_000),
    options: AWAY,
    notes: AWAY_NOTES,
  },
  {
    published: "H.264 and AAC; the encoder is silent for 9 s",
    isShort: true,
    client: FFMPEG,
    publish: silent,
    options: { mayPause: true, playlists: 2 },
  },
  {
    published: "H.264 with captions in its pictures (CEA-608, CEA-708), AAC",
    client: TEST_CLIENT,
    publish: captioned,
    options: { playlists: 4 },
  },
];

async function returning(url: string, after: number): Promise<() => Promise<unknown>> {
  const [first, second] = await Promise.all([AV, LOW].map(counterClip));
  let publisher = publishWithFfmpeg({ input: first ?? "", url });
  const leaving = setTimeout(() => publisher.stop(), (SECONDS / 3) * 1000);
  const coming = setTimeout(
    async () => {
      await publisher.stop();
      publisher = publishWithFfmpeg({ input: second ?? "", url });
    },
    (SECONDS / 3) * 1000 + after,
  );
  return () => {
    clearTimeout(leaving);
    clearTimeout(coming);
    return publisher.stop();
  };
}

/** Longer than three target durations of 2 s, and less than a publisher may be silent. */
const SILENCE = 9_000;

async function silent(url: string): Promise<() => Promise<unknown>> {
  const publisher = publishWithFfmpeg({ input: await counterClip(AV), url });
  const { process } = publisher.child;
  const timers = [
    setTimeout(() => process.kill("SIGSTOP"), (SECONDS / 3) * 1000),
    setTimeout(() => process.kill("SIGCONT"), (SECONDS / 3) * 1000 + SILENCE),
  ];
  return () => {
    for (const timer of timers) clearTimeout(timer);
    process.kill("SIGCONT");
    return publisher.stop();
  };
}

/** A text each second, in a channel of each kind. */
async function captioned(url: string): Promise<() => Promise<unknown>> {
  const [cc1, dtvcc] = [new Line21(1), new Dtvcc()];
  const said = Array.from({ length: LENGTH }, (_, second) => [
    [second * 30 + 3, line21Triplets(0, cc1.popOn({ row: 14, text: `Second ${second}` }))] as const,
    [
      second * 30 + 8,
      dtvcc.packet(1, [...defineWindow(), ...text708(`708 ${second}`), ...windows708(0x89, 0)]),
    ] as const,
  ]).flat();
  const tags = withCaptions(readFlvFile(await counterClip(AV)), script(...said));
  const publisher = await TagPublisher.open(url);
  const playing = publisher.play(tags).catch(() => {}); // it is cut off
  return async () => {
    publisher.abort();
    await playing;
  };
}

const slug = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, "-");

const inWords = ({ seen }: Report): string =>
  [
    `${seen.playlists} playlists`,
    `${seen.deltas} delta updates`,
    `${seen.parts} parts`,
    `${seen.segments} segments`,
    `${seen.samples} samples`,
    `${seen.removed} after they were removed`,
  ].join(", ");

/** @returns what ends it */
async function publishClips(clips: readonly ClipOptions[], url: string) {
  const [input = "", ...moreInputs] = await Promise.all(clips.map(counterClip));
  const publisher = isClassic(clips)
    ? publishWithFfmpeg({ input, url })
    : publishWithFfmpeg8({ input, moreInputs, url });
  return () => publisher.stop();
}

/** What Debian's ffmpeg publishes. */
const isClassic = (clips: readonly ClipOptions[]): boolean =>
  clips.length === 1 &&
  clips.every(({ video, audio }) => /h264|none/.test(video) && /aac|mp3|none/.test(audio));

async function check(
  { task }: TestContext,
  {
    published,
    client,
    clips = [],
    publish,
    notes,
    isShort = false,
    isHttp2 = false,
    options = {},
  }: Broadcast,
  slack: number,
): Promise<void> {
  const row: Row = {
    table: "hls",
    client: client ?? (isClassic(clips) ? FFMPEG : FFMPEG_8),
    published,
    ...(notes === undefined ? {} : { notes }),
  };
  task.meta.row = row;
  const server = servers[isShort ? 1 : 0];
  if (server === undefined) throw new Error("There is no server");
  const streamPath = `live/${slug(published)}`;
  const rtmp = server.rtmpUrl(streamPath);
  const stop = await (publish?.(rtmp) ?? publishClips(clips, rtmp));
  const authority = `https://127.0.0.1:${server.httpsPort}`;
  const origin = isHttp2 ? http2Origin(authority) : httpOrigin();
  const url = `${authority}/streams/${streamPath}/index.m3u8`;
  try {
    const codecs = clips.flatMap(({ video, audio }) => [video, audio]);
    const playlists = Math.max(1, codecs.filter((codec) => codec !== "none").length);
    const report = await expectStrictHls(server, {
      ...{ streamPath, seconds: SECONDS, playlists, origin, slack },
      ...(isHttp2 ? { url, needsHttp2: true } : {}),
      ...options,
    });
    task.meta.row = { ...row, account: inWords(report) };
  } finally {
    origin.close();
    await stop();
  }
}

// What hangs on time is looked at alone; beside others a machine is late by itself.
describe("the strict checker, to the tenth of a second", () => {
  test.for(
    BROADCASTS.slice(0, ALONE).map((broadcast) => [broadcast.published, broadcast] as const),
  )("%s", async ([, broadcast], context) => check(context, broadcast, 300));
});

describe.concurrent("the strict checker", () => {
  test.for(BROADCASTS.slice(ALONE).map((broadcast) => [broadcast.published, broadcast] as const))(
    "%s",
    async ([, broadcast], context) => check(context, broadcast, 3000),
  );
});
