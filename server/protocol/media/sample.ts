import type { Bytes } from "../bytes/bytes.ts";
import type { EncoderReport } from "./encoder-report.ts";
import type { MediaType, Track } from "./track.ts";

/** A span or a moment in milliseconds; fractions are allowed. */
export type Milliseconds = number;

/**
 * One coded picture, or the coded sound of one moment, on the publisher's own clock.
 *
 * `data` is what goes into `mdat`: length-prefixed NAL units (4 bytes), a temporal unit of OBUs
 * without temporal delimiters, or one audio frame. A view of the message it came in.
 */
export type Sample = {
  readonly mediaType: MediaType;
  readonly trackIndex: number;
  /** Decode time in ms on a line that never wraps (see `TimestampLine`). */
  readonly dts: Milliseconds;
  /** Presentation minus decode time in ms, signed, as the encoder sent it. Audio: 0. */
  readonly compositionOffset: Milliseconds;
  /** Decoding can begin here. Audio: always. */
  readonly isSync: boolean;
  /** No other picture refers to this one. Audio: false. */
  readonly isDisposable: boolean;
  /** Audio: how many samples of sound this is, at the track's rate. Video: 0. */
  readonly audioSamples: number;
  readonly data: Bytes;
  /**
   * The tag body it came in, where `data` is the same sound without loss in another codec (G.711 and
   * PCM as FLAC): outputs that speak FLV send this one. Empty where an earlier sample has it.
   */
  readonly original?: Bytes;
};

/**
 * Sound or a picture that no browser plays and that is not opened here: only outputs that speak FLV
 * pass it on, as it came.
 */
export type OpaqueFrame = {
  readonly mediaType: MediaType;
  readonly trackIndex: number;
  /** Decode time in ms on a line that never wraps. */
  readonly dts: Milliseconds;
  /** Decoding can begin here. Audio: always. */
  readonly isSync: boolean;
  /** The whole tag body. A view of the message it came in. */
  readonly tag: Bytes;
};

/** A value that a script data message can hold, without the wire's own types. */
export type DataValue =
  | null
  | boolean
  | number
  | string
  | Date
  | Bytes
  | readonly DataValue[]
  | { readonly [name: string]: DataValue };

/** A legal track that no browser plays, or that is not wrapped here: named, so that people are told. */
export type UnplayableTrack = {
  readonly mediaType: MediaType;
  readonly trackIndex: number;
  /** The codec's name for people: "Speex", "Sorenson H.263". */
  readonly codecName: string;
};

/**
 * What a broadcast consists of, in the order it came: the hub's whole input, plain data, so that
 * an encoder, a relay, a file or another machine can be its source.
 */
export type MediaEvent =
  | { readonly type: "track"; readonly track: Track }
  | { readonly type: "unplayable"; readonly track: UnplayableTrack }
  | { readonly type: "sample"; readonly sample: Sample }
  | { readonly type: "opaque"; readonly frame: OpaqueFrame }
  /** What came with the video sample before it. */
  | {
      readonly type: "encoder-report";
      readonly trackIndex: number;
      /** The picture's times, as in its sample. */
      readonly dts: Milliseconds;
      readonly compositionOffset: Milliseconds;
      readonly report: EncoderReport;
    }
  /** The encoder says that this track ends here (SequenceEnd); it may begin again. */
  | { readonly type: "track-end"; readonly mediaType: MediaType; readonly trackIndex: number }
  /** A message that could not be understood was dropped: nothing of it is here. */
  | { readonly type: "bad-message"; readonly code: string }
  /** onMetaData, as it stands now. */
  | {
      readonly type: "metadata";
      readonly values: { readonly [name: string]: DataValue };
      /** As it came: AMF0 values, the handler's name first. Empty when it was taken back. */
      readonly body: Bytes;
    }
  /** Any other script data: the handler's name and its arguments, at a moment of the timeline. */
  | {
      readonly type: "data";
      readonly dts: Milliseconds;
      readonly name: string;
      readonly values: readonly DataValue[];
      /** As it came: AMF0 values (AMF3's behind marker 0x11), the handler's name first. */
      readonly body: Bytes;
    };
