import type { LiveStream } from "../../live/live-stream.ts";
import type { LiveTrack } from "../../live/live-track.ts";
import { inOrder } from "../../live/track-choice.ts";
import type { AnnouncedTrack, ServerMessage } from "../../protocol/wire/control.ts";
import { packInitSegment, packText } from "./packager.ts";

/** What is asked of `MediaSource.isTypeSupported` for MP3, best first: no type plays everywhere. */
const MP3_MIME_TYPES = [
  'audio/mp4; codecs="mp3"',
  'audio/mp4; codecs="mp4a.6B"',
  "audio/mpeg",
] as const;

/** Says everything about a track that a player would otherwise read out of boxes. */
export function announceTrack(live: LiveTrack): AnnouncedTrack {
  const { track } = live;
  const mimeTypes =
    track.codec === "mp3"
      ? MP3_MIME_TYPES
      : [`${track.mediaType}/mp4; codecs="${track.codecString}"`];
  const common = {
    id: live.id,
    mediaType: track.mediaType,
    codec: track.codecString,
    mimeTypes,
    configuration: live.configuration,
    decoderConfiguration: Buffer.from(track.configuration).toString("base64"),
    timescale: live.timescale,
    language: live.language,
    name: live.name,
  };
  if (track.mediaType === "audio") {
    const { sampleRate, channels, channelLayout } = track;
    return { ...common, sampleRate, channels, ...(channelLayout && { channelLayout }) };
  }
  return {
    ...common,
    width: track.width,
    height: track.height,
    ...(track.frameRate === undefined ? {} : { frameRate: track.frameRate }),
    ...(track.reorderDepth === undefined ? {} : { reorderDepth: track.reorderDepth }),
    ...(track.colour && { colour: track.colour }),
  };
}

/** The tracks of a live stream as they are now, and what is there but cannot be played. */
export const announceTracks = (liveStream: LiveStream): ServerMessage => ({
  type: "tracks",
  tracks: inOrder(liveStream.tracks).map(announceTrack),
  unplayable: liveStream.unplayable.map(({ mediaType, codecName }) => ({ mediaType, codecName })),
});

/** What all viewers of a live stream are told of its tracks, made once for each change. */
export class Announcement {
  readonly #liveStream: LiveStream;
  readonly #now: () => number;
  #tracks: Buffer | undefined;
  readonly #initSegments = new WeakMap<LiveTrack, Buffer>();

  constructor(liveStream: LiveStream, now: () => number) {
    this.#liveStream = liveStream;
    this.#now = now;
  }

  /** The `tracks` message. */
  get tracks(): Buffer {
    this.#tracks ??= packText(announceTracks(this.#liveStream));
    return this.#tracks;
  }

  initSegment(track: LiveTrack): Buffer {
    const known = this.#initSegments.get(track);
    if (known !== undefined) return known;
    const message = packInitSegment(track, this.#now());
    this.#initSegments.set(track, message);
    return message;
  }

  /** The tracks are others now. */
  change(): void {
    this.#tracks = undefined;
  }
}
