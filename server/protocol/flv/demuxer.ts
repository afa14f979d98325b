import { type Bytes, equal } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { MediaEvent, Milliseconds } from "../media/sample.ts";
import { type AudioPacket, readAudioTag } from "./audio-tag.ts";
import type { ClassicTag } from "./codec-reader.ts";
import { readColourInfo } from "./colour-info.ts";
import { readScriptData, type ScriptDataEncoding } from "./script-data.ts";
import { NOTHING_SAID, readSaidOfSound, type SaidOfSound } from "./sound-header.ts";
import { TrackAnnouncer } from "./track-announcer.ts";
import { type OnIgnored, TrackDemuxer } from "./track-demuxer.ts";
import { readVideoTag, type VideoPacket } from "./video-tag.ts";

/** What a demuxer needs of the one who feeds it. */
export type FlvDemuxerOptions = {
  /**
   * Places a timestamp on the publisher's line. Asked at most once a message, and only for messages
   * that carry coded frames: those of sequence headers, of SequenceEnd and of metadata are arbitrary
   * and shall not move a clock.
   */
  readonly place: (timestamp: number) => Milliseconds;
  /** The same for timed data, which some senders give any timestamp: it shall not move the clock. */
  readonly peek: (timestamp: number) => Milliseconds;
  /** Told of what is passed over, which is no error: codes are stable, words are for the log. */
  readonly onIgnored?: OnIgnored;
};

/**
 * Makes media events of one publisher's audio, video and data messages (or FLV tags), classic and
 * Enhanced RTMP v1 and v2.
 *
 * Samples are views of the messages they came in, but for PCM and G.711, which become FLAC. A
 * `ProtocolError` costs its message and leaves everything else as it was: the caller counts it and
 * goes on. Where one of several tracks in a message is bad, the others' events are given, and the
 * error is told through `onIgnored`.
 */
export class FlvDemuxer {
  readonly #place: (timestamp: number) => Milliseconds;
  readonly #peek: (timestamp: number) => Milliseconds;
  readonly #onIgnored: OnIgnored;
  readonly #videoTracks: TrackDemuxer;
  readonly #audioTracks: TrackDemuxer;
  /** As it came last: some encoders repeat it every few seconds. */
  #metadata: Bytes | undefined;
  readonly #announcer: TrackAnnouncer;
  #saidOfSound: SaidOfSound = NOTHING_SAID;

  constructor({ place, peek, onIgnored = () => {} }: FlvDemuxerOptions) {
    this.#place = place;
    this.#peek = peek;
    this.#onIgnored = onIgnored;
    this.#videoTracks = new TrackDemuxer("video", onIgnored);
    this.#audioTracks = new TrackDemuxer("audio", onIgnored);
    this.#announcer = new TrackAnnouncer(onIgnored);
  }

  /**
   * @param timestamp of the message, 0 to 2^32 - 1 ms; `place` gets it
   * @throws ProtocolError in message scope
   */
  video(timestamp: number, body: Bytes): MediaEvent[] {
    const isClassic = ((body[0] ?? 0) & 0x80) === 0;
    const tag = isClassic ? { body, said: this.#saidOfSound } : undefined;
    return this.#takeAll(this.#videoTracks, readVideoTag(body), timestamp, tag);
  }

  /**
   * @param timestamp of the message, 0 to 2^32 - 1 ms; `place` gets it
   * @throws ProtocolError in message scope
   */
  audio(timestamp: number, body: Bytes): MediaEvent[] {
    const isClassic = (body[0] ?? 0) >> 4 !== EX_AUDIO;
    const tag = isClassic ? { body, said: this.#saidOfSound } : undefined;
    return this.#takeAll(this.#audioTracks, readAudioTag(body), timestamp, tag);
  }

  /**
   * @param timestamp of the message, 0 to 2^32 - 1 ms; `peek` gets it
   * @throws ProtocolError in message scope
   */
  data(timestamp: number, body: Bytes, encoding: ScriptDataEncoding): MediaEvent[] {
    const said = readScriptData(body, encoding);
    if (said === undefined) return [];
    if (said.type === "data") return [{ ...said, dts: this.#peek(timestamp) }];
    if (this.#metadata !== undefined && equal(body, this.#metadata)) return [];
    this.#metadata = body;
    this.#saidOfSound = readSaidOfSound(said.values);
    return [said, ...this.#announcer.metadata(said.values)];
  }

  #takeAll(
    tracks: TrackDemuxer,
    packets: readonly (VideoPacket | AudioPacket)[],
    timestamp: number,
    tag: ClassicTag | undefined,
  ): MediaEvent[] {
    const isPlaced = packets.some((packet) => holdsFrame(packet, tag));
    const dts = isPlaced ? this.#place(timestamp) : 0;
    const [only] = packets;
    if (only === undefined) return [];
    if (packets.length === 1) return this.#take(tracks, only, dts, tag);
    return packets.flatMap((packet) => {
      try {
        return this.#take(tracks, packet, dts, tag);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.#onIgnored(error.code, error.message);
        return [];
      }
    });
  }

  #take(
    tracks: TrackDemuxer,
    packet: VideoPacket | AudioPacket,
    dts: Milliseconds,
    tag: ClassicTag | undefined,
  ): MediaEvent[] {
    switch (packet.type) {
      case "command": // StartSeek, EndSeek: nothing to a live stream
        return [];
      case "metadata": {
        const info = readColourInfo(packet.values);
        return info === undefined ? [] : this.#announcer.colour(packet.trackIndex, info);
      }
      case "multichannel":
        tracks.expectChannels(packet.trackIndex, packet.channels);
        return this.#announcer.channels(packet.trackIndex, packet);
      default:
        return this.#announcer.complete(tracks.take(packet, dts, tag));
    }
  }
}

/** SoundFormat of Enhanced RTMP's header. */
const EX_AUDIO = 9;

/** Whether a packet gives a frame: of what is not understood, only classic tags are passed on. */
const holdsFrame = (packet: VideoPacket | AudioPacket, tag: ClassicTag | undefined): boolean =>
  packet.type === "frame" &&
  packet.data.length > 0 &&
  (packet.codec !== undefined || tag !== undefined);
