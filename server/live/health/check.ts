import type { Milliseconds } from "../../protocol/media/sample.ts";
import { advice, type Topic } from "./advice.ts";
import type { FindingCode, Severity } from "./finding.ts";
import type { TrackVitals, Vitals } from "./vitals.ts";

/** One thing that may be amiss. */
export type Check = {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** It has to be there for so long. */
  readonly after: Milliseconds;
  /** Where one of these is told of, this one says nothing new. */
  readonly unless?: readonly FindingCode[];
  /**
   * @param isFound it was found before: it is gone only with a margin
   * @returns the sentence; undefined where all is well
   */
  readonly see: (vitals: Vitals, isFound: boolean) => string | undefined;
};

/** What checks of pictures look at. */
export type FirstVideo = {
  readonly video: NonNullable<TrackVitals["video"]>;
  readonly jitter: Milliseconds | undefined;
  readonly bitrate: TrackVitals["bitrate"];
  /** Pictures a second, as the encoder says. */
  readonly declared: number | undefined;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly isInterlaced: boolean;
};

/** The first video track that is announced, with what its track says of it. */
export function firstVideo(vitals: Vitals): FirstVideo | undefined {
  for (const { live, isActive, video, jitter, bitrate } of vitals.tracks) {
    if (!isActive || video === undefined || live.track.mediaType !== "video") continue;
    const { frameRate: declared, codecString: codec, width, height } = live.track;
    const isInterlaced = live.track.isInterlaced === true;
    return { video, jitter, bitrate, declared, codec, width, height, isInterlaced };
  }
  return undefined;
}

/** All of a kind, those that stopped too. */
export const tracksOf = (
  { tracks }: Vitals,
  mediaType: "audio" | "video",
): readonly TrackVitals[] => tracks.filter(({ live }) => live.track.mediaType === mediaType);

/** Which setting to change, for the encoder and the frame rate at hand. */
export const adviceFor = (vitals: Vitals, topic: Topic): string => {
  const first = firstVideo(vitals);
  return advice(vitals.encoder.kind, topic, first?.declared ?? first?.video.frameRate);
};

/** The whole sentence: what is wrong, and what to do. */
export const say = (vitals: Vitals, topic: Topic, what: string): string =>
  `${what}: ${adviceFor(vitals, topic)}`;
