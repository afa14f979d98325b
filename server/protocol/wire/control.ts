/** A track as it is announced to viewers: a player needs nothing from the boxes. */
export type AnnouncedTrack = {
  /** track_ID within the live stream. */
  readonly id: number;
  readonly mediaType: "video" | "audio";
  /** RFC 6381 codec string. */
  readonly codec: string;
  /**
   * What `MediaSource.isTypeSupported` is asked, best first. MP3 has several: with `audio/mpeg` the
   * player appends only the data of each fragment (from `dataOffset`) and no init segment.
   */
  readonly mimeTypes: readonly string[];
  /** Counts configurations of this track: a new init segment carries the next number. */
  readonly configuration: number;
  /** Base64 of the decoder configuration record (`description` of WebCodecs), without box header. */
  readonly decoderConfiguration: string;
  /** Ticks a second. */
  readonly timescale: number;
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
  /** Pictures that are decoded before one that is shown earlier, where it is known. */
  readonly reorderDepth?: number;
  /** How decoded samples become light, by the numbers of ISO/IEC 23091-2, where it is known. */
  readonly colour?: {
    readonly primaries: number;
    readonly transfer: number;
    readonly matrix: number;
    readonly fullRange: boolean;
  };
  readonly sampleRate?: number;
  readonly channels?: number;
  /** Where each channel is heard ("FL", "FR", "FC", "LFE" …), where it is known. */
  readonly channelLayout?: readonly string[];
  readonly language: string;
  readonly name: string;
};

/** A track that is there but cannot be played in any browser. */
export type AnnouncedUnplayable = {
  readonly mediaType: "video" | "audio";
  /** For people: "Speex". */
  readonly codecName: string;
};

/** Captions of one channel or subtitles of one language, as they are announced to viewers. */
export type AnnouncedTextTrack = {
  /** Within the live stream. */
  readonly id: string;
  readonly kind: "captions" | "subtitles";
  readonly language: string;
  readonly name: string;
};

/**
 * Where a live stream stands: nobody publishes yet; on air; the publisher's line was lost and it is
 * waited for; the publisher said goodbye.
 */
export type StreamState = "waiting" | "live" | "reconnecting" | "ended";

/** A value of a data message in JSON. Dates are ISO 8601, bytes an object with their Base64. */
export type WireValue =
  | null
  | boolean
  | number
  | string
  | readonly WireValue[]
  | { readonly [name: string]: WireValue };

/** Text messages from server to viewer, JSON, one object each. Unknown types are to be ignored. */
export type ServerMessage =
  | {
      readonly type: "hello";
      /** Of this protocol: 1. */
      readonly version: 1;
      readonly streamPath: string;
      readonly state: StreamState;
      /** ms since 1970 by the server's clock, now. */
      readonly serverTime: number;
    }
  | { readonly type: "state"; readonly state: StreamState; readonly serverTime: number }
  /** All tracks of the live stream as they are now; sent again at each change. */
  | {
      readonly type: "tracks";
      readonly tracks: readonly AnnouncedTrack[];
      readonly unplayable: readonly AnnouncedUnplayable[];
    }
  /**
   * Which tracks are sent from here on; without one behind the latest `tracks` it is all of them. A
   * picture begins at a sync sample.
   */
  | { readonly type: "selected"; readonly tracks: readonly number[] }
  /**
   * The next `fragments` fragments are history (the current GOP): older than the moment of joining.
   * The newest of them is where the live edge was.
   */
  | { readonly type: "history"; readonly fragments: number; readonly bytes: number }
  /** Pictures were left out for this viewer; the next one of the track is a sync sample. */
  | {
      readonly type: "dropped";
      readonly trackId: number;
      readonly samples: number;
      readonly bytes: number;
    }
  /**
   * What the tracks cost, measured over the last seconds: where there are several pictures to choose
   * from, and again whenever it changed by a tenth.
   */
  | {
      readonly type: "bitrates";
      /** bits/s */
      readonly tracks: readonly { readonly id: number; readonly bitrate: number }[];
    }
  /** What the encoder says in between (onMetaData, cues, captions), in its place among the frames. */
  | {
      readonly type: "data";
      /** Unique: who meets it again, on another connection or over HLS, knows it by this. */
      readonly id: string;
      /** By strangers, as everything in `values`: text, never markup. */
      readonly name: string;
      /** ms on the live stream's timeline: `dts` of a frame over its track's timescale, in ms. */
      readonly time: number;
      readonly values: readonly WireValue[];
    }
  /**
   * The encoder stamps its clock: how old its pictures are when the server receives them, sent again with
   * each stamp. It holds until the state is another than `live`.
   */
  | {
      readonly type: "encoder";
      /** ms within the encoder, by its clock alone; null where it does not tell. */
      readonly inside: number | null;
      /** ms from put together to received, by both clocks; null where they cannot be set alike. */
      readonly whole: number | null;
    }
  /** All text tracks of the live stream as they are now; sent again at each change. */
  | { readonly type: "text-tracks"; readonly tracks: readonly AnnouncedTextTrack[] }
  /**
   * A text is to be shown; the same one again, by track and id, when it changed or its end became
   * known. Times as in `data`.
   */
  | {
      readonly type: "cue";
      /** Of a text track. */
      readonly track: string;
      readonly id: number;
      readonly start: number;
      /** null: until the next word about it. */
      readonly end: number | null;
      /** WebVTT cue text: escaped, with its tags. By strangers. */
      readonly text: string;
      /** WebVTT cue settings; may be empty. */
      readonly settings: string;
    }
  /** Answer to `clock`. */
  | { readonly type: "clock"; readonly sent: number; readonly serverTime: number }
  /** Why the connection is closed, before it is. */
  | { readonly type: "error"; readonly code: string; readonly message: string };

/** Text messages from viewer to server, JSON, one object each. */
export type ViewerMessage =
  /** Asks for the server's clock; `sent` comes back as it was. */
  | { readonly type: "clock"; readonly sent: number }
  /**
   * Asks for these tracks and no others. Sound changes at once, a picture at the next sync sample of
   * its track: the one before goes on until then, and `selected` says where it changes.
   */
  | { readonly type: "select"; readonly tracks: readonly number[] }
  /**
   * What just came had stood on the way for so long (ms, beyond what the line takes): in buffers that the
   * server does not see. Past a bound pictures are left out until it is told less.
   */
  | { readonly type: "queued"; readonly time: number };
