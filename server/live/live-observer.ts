import type { Bytes } from "../protocol/bytes/bytes.ts";
import type { DataValue, Milliseconds, OpaqueFrame } from "../protocol/media/sample.ts";
import type { EncoderStatus } from "./encoder-clock.ts";
import type { LiveSample } from "./live-sample.ts";
import type { TextCue } from "./text-track.ts";

/** Where a live stream stands; see `StreamState` of the wire, which says the same to viewers. */
export type LiveState = "waiting" | "live" | "reconnecting" | "ended";

/** What a live stream tells those who watch it. All are called in the order things happen. */
export type LiveObserver = {
  state?(state: LiveState): void;
  /** The tracks, or what cannot be played of them, are others now. */
  tracks?(): void;
  sample?(sample: LiveSample): void;
  /** Sound or a picture that is passed on unopened; `dts` is on the live stream's timeline. */
  opaque?(frame: OpaqueFrame): void;
  data?(event: DataEvent): void;
  /** There are other text tracks now. */
  textTracks?(): void;
  /** A cue opened; with a `trackId` and `id` that are known, it changed or got its end. */
  cue?(cue: TextCue): void;
  /** The encoder told of itself. */
  encoder?(status: EncoderStatus): void;
  /** There is more, or less, to warn of now. */
  warnings?(): void;
};

/** Something about a broadcast that its publisher can better. */
export type StreamWarning = {
  /** Stable, for machines. */
  readonly code: "LONG_GOP";
  /** For people: what is the matter, and which setting of the encoder to change. */
  readonly message: string;
};

/** onMetaData or other script data of a broadcast. */
export type DataEvent = {
  /** Unique, also among other lives of the streamPath: who meets it twice knows it again. */
  readonly id: string;
  /** Counts those of the live stream, from 1. */
  readonly number: number;
  readonly name: string;
  /** ms on the live stream's timeline. */
  readonly at: Milliseconds;
  readonly values: readonly DataValue[];
  /** As it came: AMF0 values, the name first. Empty: what had that name was taken back. */
  readonly body: Bytes;
};
