import { type Bytes, equal } from "../bytes/bytes.ts";
import { attempt } from "../codec/attempt.ts";
import {
  av1Track,
  isAv1Sync,
  leavesSequenceHeader,
  newAv1Configuration,
  withoutTemporalDelimiters,
} from "../codec/av1.ts";
import { avcTrack, isAvcSync, newAvcConfiguration } from "../codec/avc.ts";
import { hevcTrack, isHevcIrap, newHevcConfiguration } from "../codec/hevc.ts";
import { toLengthPrefixed } from "../codec/nal-units.ts";
import { isVp8Sync, vp8Track } from "../codec/vp8.ts";
import { isVp9Sync, vp9Track } from "../codec/vp9.ts";
import { isVvcIrap, newVvcConfiguration, vvcTrack } from "../codec/vvc.ts";
import type { VideoCodec, VideoTrack } from "../media/track.ts";
import { type CodecReader, type Unit, unlessEqual } from "./codec-reader.ts";

/**
 * Takes the configuration of a video track.
 *
 * @throws ProtocolError when it cannot be read
 */
export function videoReader(codec: VideoCodec, trackIndex: number, record: Bytes): CodecReader {
  switch (codec) {
    case "avc":
      return avcReader(trackIndex, record);
    case "hevc":
      return new ParameterSetReader("hevc", HEVC, trackIndex, record);
    case "av1":
      return new ParameterSetReader("av1", AV1, trackIndex, record);
    case "vvc":
      return new ParameterSetReader("vvc", VVC, trackIndex, record);
    case "vp9":
      return new VpReader("vp9", VP9, trackIndex, record);
    case "vp8":
      return new VpReader("vp8", VP8, trackIndex, record);
  }
}

/** OBS before 29.1, with plugins, sent HEVC under the codec id of AVC: no hvcC is an avcC too. */
function avcReader(trackIndex: number, record: Bytes): CodecReader {
  try {
    return new ParameterSetReader("avc", AVC, trackIndex, record);
  } catch (error) {
    const hevc = attempt(() => new ParameterSetReader("avc", HEVC, trackIndex, record));
    if (hevc !== undefined) return hevc;
    throw error;
  }
}

/** What AVC, HEVC, VVC and AV1 do each in its own way. */
type Coding = {
  /**
   * @param keyFrame for records that leave the sequence header to the first key frame (AV1)
   * @returns no track where it is not known yet
   */
  readonly read: (
    trackIndex: number,
    record: Bytes,
    keyFrame?: Bytes,
  ) => { track: VideoTrack | undefined; nalLengthSize: number };
  readonly unwrap: (data: Bytes, nalLengthSize: number) => Bytes;
  readonly isSync: (data: Bytes) => boolean;
  readonly update: (current: Bytes, keyFrame: Bytes) => Bytes | undefined;
};

const AVC: Coding = {
  read: avcTrack,
  unwrap: toLengthPrefixed,
  isSync: isAvcSync,
  update: newAvcConfiguration,
};
const HEVC: Coding = {
  read: hevcTrack,
  unwrap: toLengthPrefixed,
  isSync: isHevcIrap,
  update: newHevcConfiguration,
};
const VVC: Coding = {
  read: vvcTrack,
  unwrap: toLengthPrefixed,
  isSync: isVvcIrap,
  update: newVvcConfiguration,
};
const AV1: Coding = {
  read(trackIndex, record, keyFrame) {
    // Without a sequence header, whatever other OBUs there are, the first key frame is waited for.
    const isComplete = keyFrame !== undefined || !leavesSequenceHeader(record);
    const track = isComplete ? av1Track(trackIndex, record, keyFrame) : undefined;
    return { track, nalLengthSize: 0 };
  },
  unwrap: withoutTemporalDelimiters,
  isSync: isAv1Sync,
  update: newAv1Configuration,
};

/** AVC, HEVC, VVC and AV1: parameter sets (sequence headers) ahead of the pictures and among them. */
class ParameterSetReader implements CodecReader {
  readonly codec: VideoCodec;
  readonly record: Bytes;
  track: VideoTrack | undefined;
  readonly #coding: Coding;
  readonly #trackIndex: number;
  readonly #nalLengthSize: number;
  /** What the record says; `track` differs from it once parameter sets came among the pictures. */
  #recordTrack: VideoTrack | undefined;
  #wasRepeated = false;

  constructor(codec: VideoCodec, coding: Coding, trackIndex: number, record: Bytes) {
    const { track, nalLengthSize } = coding.read(trackIndex, record);
    this.codec = codec;
    this.record = record;
    this.track = track;
    this.#coding = coding;
    this.#trackIndex = trackIndex;
    this.#nalLengthSize = nalLengthSize;
    this.#recordTrack = track;
  }

  // Some encoders repeat a record that their pictures contradict, others go back to it: the next
  // key frame tells.
  repeat(): void {
    this.#wasRepeated = true;
  }

  open(data: Bytes, isKey: boolean): readonly Unit[] {
    const units = this.#coding.unwrap(data, this.#nalLengthSize);
    if (units.length === 0) return [];
    // A picture that decoding can begin with may lack the flag. The flag without such a picture is
    // believed: intra refresh and recovery points are not seen in the NAL units.
    const isSync = isKey || this.#coding.isSync(units);
    if (isSync) this.#update(units);
    return [{ data: units, isSync, audioSamples: 0 }];
  }

  #update(keyFrame: Bytes): void {
    const current = this.#wasRepeated ? this.#recordTrack : this.track;
    if (current === undefined) {
      const read = attempt(() => this.#coding.read(this.#trackIndex, this.record, keyFrame));
      this.track = read?.track;
      this.#recordTrack = read?.track;
      return;
    }
    this.#wasRepeated = false;
    const configuration = this.#coding.update(current.configuration, keyFrame);
    if (configuration === undefined) this.track = current;
    else if (this.track === undefined || !equal(configuration, this.track.configuration)) {
      // What was read out of a picture is no reason to lose the picture.
      const read = attempt(() => this.#coding.read(this.#trackIndex, configuration));
      this.track = read?.track ?? current;
    }
  }
}

/** What VP8 and VP9 do each in its own way. */
type VpCoding = {
  readonly read: (trackIndex: number, record: Bytes, keyFrame: Bytes) => VideoTrack;
  readonly isSync: (data: Bytes) => boolean;
};

const VP9: VpCoding = { read: vp9Track, isSync: isVp9Sync };
const VP8: VpCoding = { read: vp8Track, isSync: isVp8Sync };

/** VP8 and VP9: their record has no dimensions, so each key frame is asked. */
class VpReader implements CodecReader {
  readonly codec: VideoCodec;
  readonly record: Bytes;
  track: VideoTrack | undefined;
  readonly #coding: VpCoding;
  readonly #trackIndex: number;

  constructor(codec: VideoCodec, coding: VpCoding, trackIndex: number, record: Bytes) {
    this.codec = codec;
    this.record = record;
    this.#coding = coding;
    this.#trackIndex = trackIndex;
  }

  repeat(): void {}

  open(data: Bytes, isKey: boolean): readonly Unit[] {
    if (data.length === 0) return [];
    const tellsSize = this.#coding.isSync(data);
    if (tellsSize) {
      const read = this.#coding.read(this.#trackIndex, this.record, data);
      this.track = unlessEqual(this.track, read);
    }
    return [{ data, isSync: isKey || tellsSize, audioSamples: 0 }];
  }
}
