import { describe, expect, test } from "vitest";
import { advice } from "../../../server/live/health/advice.ts";
import { CHECKS } from "../../../server/live/health/checks.ts";
import { Doctor } from "../../../server/live/health/doctor.ts";
import { encoderName } from "../../../server/live/health/encoder-name.ts";
import type { Finding, FindingCode } from "../../../server/live/health/finding.ts";
import type { TrackVitals, Vitals } from "../../../server/live/health/vitals.ts";
import { audioVitals, type VideoFields, videoVitals, vitals } from "../../support/vitals.ts";

const start = 1_700_000_000_000;

/** Shows a doctor the same broadcast each second. @returns what it says at last */
function examine(doctor: Doctor, fields: Partial<Vitals>, from: number, seconds: number) {
  let findings: readonly Finding[] = [];
  for (let second = from; second < from + seconds; second += 1) {
    findings = doctor.examine(vitals({ ...fields, at: start + 1000 * second }));
  }
  return findings;
}

const withVideo = (fields: VideoFields): Partial<Vitals> => ({
  tracks: [videoVitals(fields), audioVitals()],
});
const withSound = (fields: Parameters<typeof audioVitals>[0]): Partial<Vitals> => ({
  tracks: [videoVitals(), audioVitals(fields)],
});
const keyframes = (
  longest: number,
  others: Partial<{ shortest: number; uneven: number; open: number; bytes: number }> = {},
) =>
  withVideo({
    keyframes: {
      last: longest,
      pictures: 300,
      longest,
      shortest: longest,
      uneven: 0,
      open: 0,
      bytes: 60_000,
      ...others,
    },
  });
const drops = (recent: Partial<NonNullable<Vitals["drops"]>["recent"]>): Partial<Vitals> => {
  const all = { dropped: 0, skipped: 0, lagged: 0, ...recent };
  return { drops: { recent: all, total: all } };
};
const codec = (codecString: string) => withVideo({ track: { codecString } });

/** For each code: what brings it on, what does not, what keeps it once it is there, and what it says. */
const CASES: readonly {
  readonly code: FindingCode;
  readonly sick: Partial<Vitals>;
  /** Not enough to be found, but enough to stay. */
  readonly still?: Partial<Vitals>;
  /** Not enough to be found. */
  readonly well?: Partial<Vitals>;
  readonly says: RegExp;
}[] = [
  {
    code: "CODEC_UNPLAYABLE",
    sick: { unplayable: [{ mediaType: "audio", trackIndex: 0, codecName: "Speex" }] },
    says: /^The sound is Speex, which no browser plays: choose AAC/,
  },
  {
    code: "VIDEO_PROFILE",
    sick: codec("avc1.6e0028"),
    well: codec("avc1.640028"),
    says: /^H\.264 High 10 plays in hardly any browser but Chrome: set Color Format to NV12/,
  },
  {
    code: "CODEC_LIMITED",
    sick: codec("hvc1.1.6.L93.B0"),
    says: /^The picture is HEVC: Chrome and Edge play it only .*choose an H\.264/,
  },
  {
    code: "FRAMES_DROPPED",
    sick: drops({ dropped: 12 }),
    says: /left out 12 pictures .* line is too slow: lower the Bitrate/,
  },
  {
    code: "ENCODER_OVERLOADED",
    sick: drops({ skipped: 4, lagged: 3 }),
    still: drops({ skipped: 1 }),
    well: drops({ skipped: 4 }),
    says: /overloaded: it missed 7 pictures .*CPU Usage Preset/,
  },
  {
    code: "NO_MEDIA",
    sick: { bytes: 0, tracks: [] },
    well: { bytes: 0, tracks: [], age: 2000 },
    says: /sends no picture or sound/,
  },
  {
    code: "STANDS_STILL",
    sick: { pause: { current: 5300, longest: 5300 } },
    well: { pause: { current: 3900, longest: 3900 } },
    says: /^Nothing came for 5 s: .* stands still: see whether OBS says/,
  },
  {
    code: "ARRIVAL_STALLS",
    sick: { stalls: 3, pause: { current: 0, longest: 1240 } },
    still: { stalls: 1, pause: { current: 0, longest: 1240 } },
    well: { stalls: 2, pause: { current: 0, longest: 1240 } },
    says: /up to 1\.2 s of nothing, as on a line that is too slow for it \(2\.1 Mbit\/s came through\): lower the Bitrate in OBS/,
  },
  {
    code: "SLOWER_THAN_TIME",
    sick: { speed: 0.8 },
    still: { speed: 0.97 },
    well: { speed: 0.96 },
    says: /^Only 80 % of each second arrives/,
  },
  {
    code: "FASTER_THAN_TIME",
    sick: { speed: 3.21, encoder: { kind: "ffmpeg", name: "Lavf59.27.100" } },
    still: { speed: 1.05 },
    well: { speed: 1.08 },
    says: /3\.2 times as fast .*: put -re before -i/,
  },
  { code: "TIMESTAMP_JUMPS", sick: { jumps: { recent: 2, total: 2 } }, says: /jumped 2 times/ },
  {
    code: "TIMESTAMPS_DISORDERED",
    sick: withSound({ disorder: 4 }),
    still: withVideo({ disorder: 1 }),
    well: withVideo({ disorder: 2 }),
    says: /stood still or went backwards in 4 of .*: check the clock of capture devices/,
  },
  {
    code: "MESSAGES_DROPPED",
    sick: { badMessages: { recent: 1, total: 4 } },
    well: { badMessages: { recent: 0, total: 4 } },
    says: /^1 message of the last minute could not be understood and was dropped/,
  },
  {
    code: "ARRIVAL_JITTER",
    sick: withVideo({ jitter: 218 }),
    still: withVideo({ jitter: 90 }),
    well: withVideo({ jitter: 110 }),
    says: /^Pictures arrive unevenly, up to 220 ms late/,
  },
  {
    code: "BITRATE_UNSTEADY",
    sick: { swell: 6_300_000 },
    still: { swell: 4_500_000 },
    well: { swell: 5_000_000 },
    says: /swells to 6\.3 Mbit\/s, 3\.0 times its mean.*Rate Control to CBR/,
  },
  {
    code: "BITRATE_HIGH",
    sick: { bitrate: { now: 3e7, mean: 3e7, peak: 3e7 }, swell: 3e7 },
    still: { bitrate: { now: 3e7, mean: 2.3e7, peak: 3e7 }, swell: 3e7 },
    well: { bitrate: { now: 3e7, mean: 2.4e7, peak: 3e7 }, swell: 3e7 },
    says: /^30\.0 Mbit\/s is more than the lines of many viewers carry: lower/,
  },
  {
    code: "CLOCK_DRIFT",
    sick: { drift: { ppm: -1000, over: 120_000 } },
    still: { drift: { ppm: -500, over: 120_000 } },
    well: { drift: { ppm: 5000, over: 60_000 } },
    says: /clock is slow by 3\.6 s an hour/,
  },
  {
    code: "NO_KEYFRAME",
    sick: withVideo({ lacksSync: true }),
    says: /^No keyframe came since the broadcast began/,
  },
  {
    code: "VIDEO_STOPPED",
    sick: withVideo({ isActive: false }),
    says: /^The pictures have stopped, and the sound goes on: check the sources of the scene/,
  },
  {
    code: "KEYFRAMES_FAR_APART",
    sick: keyframes(10_000),
    still: keyframes(4100),
    well: keyframes(4170),
    says: /^Keyframe interval is 10 s: set 2 s in OBS → Settings → Output .*→ Streaming → Keyframe Interval$/,
  },
  {
    code: "FRAME_RATE_LOW",
    sick: withVideo({ frameRate: 24 }),
    still: withVideo({ frameRate: 28 }),
    well: withVideo({ frameRate: 27.5 }),
    says: /^Only 24 of the 30 pictures a second/,
  },
  {
    code: "PICTURES_MISSING",
    sick: withVideo({ missing: { recent: 3, total: 9 } }),
    still: withVideo({ missing: { recent: 1, total: 9 } }),
    well: withVideo({ missing: { recent: 2, total: 9 } }),
    says: /^3 pictures are missing in the last half a minute/,
  },
  {
    code: "KEYFRAMES_IRREGULAR",
    sick: keyframes(3000, { shortest: 400, uneven: 3 }),
    still: keyframes(3000, { shortest: 2000, uneven: 2 }),
    well: keyframes(3000, { shortest: 400, uneven: 2 }),
    says: /^Keyframes come at intervals of 0\.4 s to 3 s, .*: set 2 s in OBS .* scenecut=0/,
  },
  {
    code: "KEYFRAMES_LARGE",
    sick: keyframes(2000, { bytes: 500_000 }),
    well: keyframes(2000, { bytes: 374_000 }),
    says: /^Keyframes have 0\.5 MB each, as much as 2 s of the broadcast, .*Rate Control to CBR/,
  },
  {
    code: "OPEN_GOP",
    sick: withVideo({ isOpenGop: true }),
    says: /\(open GOP\): who joins there .*: add open-gop=0 to x264 Options/,
  },
  {
    code: "INTERLACED",
    sick: withVideo({ track: { isInterlaced: true } }),
    says: /^The pictures are coded as interlaced/,
  },
  {
    code: "B_FRAMES",
    sick: withVideo({ reorderDepth: 2, reorderDelay: 333 }),
    still: withVideo({ reorderDepth: 2, reorderDelay: 133 }),
    well: withVideo({ reorderDepth: 2, reorderDelay: 133 }),
    says: /^B-frames add 330 ms of delay, most of it in the encoder; for the least, set bframes=0/,
  },
  {
    code: "FRAME_RATE_VARIABLE",
    sick: withVideo({ irregularity: 0.4 }),
    still: withVideo({ irregularity: 0.08 }),
    well: withVideo({ irregularity: 0.1 }),
    says: /^The frame rate varies/,
  },
  {
    code: "RESOLUTION_ODD",
    sick: withVideo({ track: { width: 853, height: 480 } }),
    says: /^Pictures of 853 × 480 have an odd side/,
  },
  {
    code: "RESOLUTION_LARGE",
    sick: withVideo({ track: { width: 5120, height: 2880 } }),
    well: withVideo({ track: { width: 3840, height: 2160 } }),
    says: /^Pictures of 5120 × 2880 are more than/,
  },
  {
    code: "AV_OFFSET",
    sick: { avOffset: -243 },
    still: { avOffset: -120 },
    well: { avOffset: 140 },
    says: /^Sound comes 240 ms later than its pictures: set Sync Offset in OBS/,
  },
  {
    code: "AUDIO_STOPPED",
    sick: withSound({ isActive: false }),
    says: /^The sound has stopped/,
  },
  {
    code: "AUDIO_CLOCK",
    sick: withSound({ surplus: 0.0884 }),
    still: withSound({ surplus: -0.004 }),
    well: withSound({ surplus: -0.0045 }),
    says: /^The sound lasts 8\.8 % longer than its timestamps say, and cracks: set .*Sample Rate/,
  },
  {
    code: "AUDIO_SILENT",
    sick: withSound({ bytesPerSample: 6 }),
    well: withSound({ bytesPerSample: 24 }),
    says: /^The sound is silence: check what is muted in OBS/,
  },
  {
    code: "AUDIO_MISSING",
    sick: { tracks: [videoVitals()] },
    well: {
      tracks: [videoVitals()],
      unplayable: [{ mediaType: "audio", trackIndex: 0, codecName: "Speex" }],
    },
    says: /^There is no sound; if there should be some, check OBS/,
  },
  {
    code: "AUDIO_SAMPLE_RATE",
    sick: withSound({ track: { sampleRate: 22_050 } }),
    well: withSound({ track: { sampleRate: 24_000, codecString: "mp4a.40.5" } }),
    says: /^The sound has 22\.05 kHz, .*: set 48 kHz in OBS/,
  },
];

test("there is a case for each check", () => {
  expect(CASES.map(({ code }) => code)).toEqual(CHECKS.map(({ code }) => code));
});

test("Doctor finds nothing amiss with a good broadcast", () => {
  expect(examine(new Doctor(), {}, 0, 60)).toEqual([]);
  const small: TrackVitals[] = [videoVitals({ frameRate: undefined, reorderDepth: 0 })];
  expect(examine(new Doctor(), { tracks: [...small, audioVitals()] }, 0, 60)).toEqual([]);
});

describe("Doctor finds", () => {
  test.each(CASES)("$code, in words, while it is there", ({ code, sick, still, well, says }) => {
    const doctor = new Doctor();
    const mine = (findings: readonly Finding[]) => findings.find((one) => one.code === code);
    const found = examine(doctor, sick, 0, 15);
    expect(found.map((one) => one.code)).toContain(code);
    expect(mine(found)?.message).toMatch(says);
    let now = 15;
    if (still !== undefined) {
      expect(examine(new Doctor(), still, 0, 15).map((one) => one.code)).not.toContain(code);
      now += 40;
      expect(mine(examine(doctor, still, 15, 40))).toBeDefined();
    }
    expect(mine(examine(doctor, {}, now, 5))).toBeDefined(); // it is held, so as not to flicker
    expect(mine(examine(doctor, {}, now + 5, 5))).toBeUndefined();
    if (well !== undefined) expect(mine(examine(new Doctor(), well, 0, 30))).toBeUndefined();
  });
});

test("Doctor does not tell of what is there for a moment, and puts the worst first", () => {
  const doctor = new Doctor();
  expect(examine(doctor, { avOffset: 400 }, 0, 3)).toEqual([]);
  expect(examine(doctor, {}, 3, 1)).toEqual([]);
  expect(examine(doctor, { avOffset: 400 }, 4, 3)).toEqual([]);
  const all = { ...keyframes(9000), tracks: [videoVitals({ reorderDelay: 200, lacksSync: true })] };
  const codes = examine(doctor, { ...all, jumps: { recent: 1, total: 1 } }, 7, 15);
  expect(codes.map(({ code, severity }) => [code, severity])).toEqual([
    ["NO_KEYFRAME", "error"],
    ["TIMESTAMP_JUMPS", "warning"],
    ["B_FRAMES", "info"],
    ["AUDIO_MISSING", "info"],
  ]);
});

test("Doctor tells one long pause from a line that carries too little", () => {
  const said = (fields: Partial<Vitals>) => examine(new Doctor(), fields, 0, 1)[0]?.message;
  const pause = { current: 10, longest: 8000 };
  expect(said({ pause, stalls: 8 })).toMatch(/^Nothing came for 8 s within the last minute/);
  expect(said({ pause, stalls: 20 })).toMatch(/bursts, .* too slow for it/);
});

test("Doctor speaks of sound where there is nothing else", () => {
  const tracks = [audioVitals({ jitter: 300 })];
  const [found] = examine(new Doctor(), { tracks }, 0, 15);
  expect(found?.message).toMatch(/^Sound arrives unevenly, up to 300 ms late/);
});

test("Doctor says a sentence anew every few seconds at the most", () => {
  const doctor = new Doctor();
  const said = (seconds: number) =>
    examine(doctor, keyframes(1000 * seconds, { open: 1000 * seconds }), seconds, 1)[0]?.message;
  expect(said(5)).toMatch(/over 5 s/);
  expect(said(6)).toMatch(/over 5 s/);
  expect(said(9)).toMatch(/over 5 s/);
  expect(said(10)).toMatch(/over 10 s/);
});

test.each([
  [{ encoder: "obs-output module (libobs version 30.0.2)" }, "obs"],
  [{ encoder: "Lavf59.27.100" }, "ffmpeg"],
  [{ encoder: "", metadatacreator: "GStreamer 1.22.0 FLV muxer" }, "gstreamer"],
  [{ encoder: "Wirecast/FM 1.0" }, "other"],
  [{ encoder: 7 }, "other"],
  [undefined, "other"],
] as const)("encoderName knows %j", (metadata, kind) => {
  expect(encoderName(metadata).kind).toBe(kind);
  expect(encoderName({ encoder: "x".repeat(1000) }).name).toHaveLength(128);
});

test("advice is in the words of the encoder, for its frame rate", () => {
  expect(advice("ffmpeg", "keyframes", 29.97)).toBe("add -g 60 -keyint_min 60");
  expect(advice("gstreamer", "keyframes", 25)).toContain("key-int-max=50");
  expect(advice("other", "keyframes")).toBe("set the encoder's keyframe interval (GOP) to 2 s");
});
