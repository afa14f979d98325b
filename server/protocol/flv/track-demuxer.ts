import { type Bytes, equal } from "../bytes/bytes.ts";
import { readEncoderReport } from "../codec/encoder-report.ts";
import { LIMITS } from "../limits.ts";
import type { MediaEvent, Milliseconds, Sample } from "../media/sample.ts";
import type { MediaType, Track, VideoCodec } from "../media/track.ts";
import { audioReader, audioReaderFromFrame } from "./audio-readers.ts";
import type { AudioPacket } from "./audio-tag.ts";
import { type ClassicTag, type CodecReader, unlessEqual } from "./codec-reader.ts";
import { videoReader } from "./video-readers.ts";
import { FrameType, type VideoPacket } from "./video-tag.ts";

/** Told about what was legal but could not be used: a code to count by, and words for the log. */
export type OnIgnored = (code: string, message: string) => void;

/** Packets that belong to a track's own stream. */
type TrackPacket = Extract<
  VideoPacket | AudioPacket,
  { readonly type: "configuration" | "frame" | "end" }
>;
type Configuration = Extract<TrackPacket, { readonly type: "configuration" }>;
type Frame = Extract<TrackPacket, { readonly type: "frame" }>;

/** One track number of an encoder, and what it carries at present. */
type Slot = {
  reader: CodecReader | undefined;
  /** The track as the last event gave it: whatever is different is announced anew. */
  announced: Track | undefined;
  /** The codec that was announced as unplayable. */
  unplayable: string | undefined;
};

/**
 * Follows the tracks of one media type, each by itself: takes configurations, opens frames.
 * A packet that cannot be used leaves the track as it was.
 */
export class TrackDemuxer {
  readonly #mediaType: MediaType;
  readonly #onIgnored: OnIgnored;
  readonly #slots = new Map<number, Slot>();
  /** As MultichannelConfig says, by track number. */
  readonly #channels = new Map<number, number>();

  constructor(mediaType: MediaType, onIgnored: OnIgnored) {
    this.#mediaType = mediaType;
    this.#onIgnored = onIgnored;
  }

  /**
   * @param dts of the message, for packets that hold a frame
   * @param tag the message it came in, where that has the classic form
   * @throws ProtocolError what the codec finds wrong, in message scope
   */
  take(packet: TrackPacket, dts: Milliseconds, tag: ClassicTag | undefined): MediaEvent[] {
    switch (packet.type) {
      case "configuration":
        return this.#configure(packet);
      case "frame":
        return this.#open(packet, dts, tag);
      case "end":
        return this.#end(packet.trackIndex);
    }
  }

  /** MultichannelConfig: how many channels there are, for codecs that leave it to that. */
  expectChannels(trackIndex: number, channels: number): void {
    this.#channels.set(trackIndex, channels);
    this.#slots.get(trackIndex)?.reader?.expectChannels?.(channels);
  }

  #configure(packet: Configuration): MediaEvent[] {
    const { codec, codecName, trackIndex, record } = packet;
    const slot = this.#slot(trackIndex);
    if (slot === undefined) return [];
    if (codec === undefined) {
      slot.reader = undefined;
      slot.announced = undefined;
      return this.#refuse(slot, trackIndex, codecName);
    }
    const known = slot.reader;
    if (known !== undefined && known.codec === codec && equal(known.record, record)) {
      known.repeat(); // DJI sends its configuration twice, others with every key frame.
      return this.#announce(slot, known.track);
    }
    if (record.length === 0 && !MAY_BE_EMPTY.has(codec)) {
      this.#ignore("FLV_EMPTY_CONFIGURATION", trackIndex, "an empty configuration");
      return [];
    }
    const reader = this.#newReader(codec, trackIndex, record);
    const channels = this.#channels.get(trackIndex);
    if (channels !== undefined) reader.expectChannels?.(channels);
    this.#keep(slot, trackIndex);
    slot.reader = reader;
    return this.#announce(slot, reader.track);
  }

  #open(packet: Frame, dts: Milliseconds, tag: ClassicTag | undefined): MediaEvent[] {
    const { codec, codecName, trackIndex, data } = packet;
    const slot = this.#slot(trackIndex);
    if (slot === undefined) return [];
    const isVideo = "frameType" in packet;
    const frameType = isVideo ? packet.frameType : FrameType.Key;
    const isKey = frameType === FrameType.Key || frameType === FrameType.GeneratedKey;
    if (codec === undefined) {
      if (slot.reader === undefined) {
        const events = this.#refuse(slot, trackIndex, codecName);
        if (tag !== undefined && data.length > 0) {
          const place = { mediaType: this.#mediaType, trackIndex, dts };
          events.push({ type: "opaque", frame: { ...place, isSync: isKey, tag: tag.body } });
        }
        return events;
      }
      // A stray message shall not take a picture away that goes on.
      this.#ignore("FLV_OTHER_CODEC", trackIndex, `a frame of ${codecName}`);
      return [];
    }
    let reader = slot.reader;
    if (reader?.codec !== codec) reader = this.#readerFromFrame(codec, trackIndex, data);
    if (reader === undefined) {
      this.#ignore("FLV_NO_CONFIGURATION", trackIndex, "a frame before its configuration");
      return [];
    }
    const units = reader.open(data, isKey, tag);
    if (units?.length === 0) {
      this.#ignore("FLV_EMPTY_FRAME", trackIndex, "a frame that holds nothing");
      return [];
    }
    this.#keep(slot, trackIndex);
    slot.reader = reader;
    if (units === undefined) return [];
    const { track } = reader;
    if (track === undefined) {
      this.#ignore("FLV_NO_CONFIGURATION", trackIndex, "a frame before the first key frame");
      return [];
    }
    const events = this.#announce(slot, track);
    let at = isVideo ? dts : dts + packet.timeOffset;
    for (const { data: unitData, isSync, audioSamples, original } of units) {
      const sample: Sample = {
        mediaType: this.#mediaType,
        trackIndex,
        dts: at,
        compositionOffset: isVideo ? packet.compositionTime : 0,
        isSync,
        isDisposable: isVideo && frameType === FrameType.DisposableInter,
        audioSamples,
        data: unitData,
        ...(original === undefined ? {} : { original }),
      };
      events.push({ type: "sample", sample });
      if (track.mediaType === "video" && isSync) {
        const report = readEncoderReport(track.codec, unitData);
        const { compositionOffset } = sample;
        if (report !== undefined) {
          events.push({ type: "encoder-report", trackIndex, dts: at, compositionOffset, report });
        }
      }
      if (track.mediaType === "audio") at += (audioSamples * 1000) / track.sampleRate;
    }
    return events;
  }

  /** The reader stays: where more frames follow, the track is announced again and goes on. */
  #end(trackIndex: number): MediaEvent[] {
    const slot = this.#slots.get(trackIndex);
    if (slot?.announced === undefined) return [];
    slot.announced = undefined;
    return [{ type: "track-end", mediaType: this.#mediaType, trackIndex }];
  }

  #announce(slot: Slot, track: Track | undefined): MediaEvent[] {
    if (track === undefined || track === slot.announced) return [];
    const isNews = slot.announced === undefined || unlessEqual(slot.announced, track) === track;
    slot.announced = track;
    if (!isNews) return [];
    slot.unplayable = undefined;
    return [{ type: "track", track }];
  }

  #refuse(slot: Slot, trackIndex: number, codecName: string): MediaEvent[] {
    if (slot.unplayable === codecName) return [];
    this.#keep(slot, trackIndex);
    slot.unplayable = codecName;
    const track = { mediaType: this.#mediaType, trackIndex, codecName };
    return [{ type: "unplayable", track }];
  }

  /** @returns undefined where there are too many: those there are go on */
  #slot(trackIndex: number): Slot | undefined {
    const known = this.#slots.get(trackIndex);
    if (known !== undefined) return known;
    const limit = this.#mediaType === "video" ? LIMITS.videoTracks : LIMITS.audioTracks;
    if (this.#slots.size >= limit) {
      const text = `Ignored ${this.#mediaType} track ${trackIndex}: the limit is ${limit} tracks`;
      this.#onIgnored("FLV_TRACKS", text);
      return undefined;
    }
    return { reader: undefined, announced: undefined, unplayable: undefined };
  }

  /** Only what could be used takes a place: bad messages shall not keep others out. */
  #keep(slot: Slot, trackIndex: number): void {
    this.#slots.set(trackIndex, slot);
  }

  #newReader(codec: CodecReader["codec"], trackIndex: number, record: Bytes): CodecReader {
    return isVideoCodec(codec)
      ? videoReader(codec, trackIndex, record)
      : audioReader(codec, trackIndex, record);
  }

  #readerFromFrame(
    codec: CodecReader["codec"],
    trackIndex: number,
    data: Bytes,
  ): CodecReader | undefined {
    return isVideoCodec(codec) ? undefined : audioReaderFromFrame(codec, trackIndex, data);
  }

  #ignore(code: string, trackIndex: number, what: string): void {
    this.#onIgnored(code, `Ignored ${what} on ${this.#mediaType} track ${trackIndex}`);
  }
}

/** Codecs whose frames tell what their configuration left out. */
const MAY_BE_EMPTY: ReadonlySet<CodecReader["codec"]> = new Set<CodecReader["codec"]>([
  "av1",
  "vp9",
  "vp8",
  "mp3",
  "opus",
  "ac-3",
  "ec-3",
]);

const VIDEO_CODECS: ReadonlySet<CodecReader["codec"]> = new Set<VideoCodec>([
  ...(["avc", "hevc", "vvc", "av1", "vp9", "vp8"] as const),
]);

const isVideoCodec = (codec: CodecReader["codec"]): codec is VideoCodec => VIDEO_CODECS.has(codec);
