/*
 * `GET /api/v1/recordings`, as it is answered and as the pages read it: one type for both ends.
 */

/** A track of a recording. */
export type ListedRecordingTrack = {
  readonly id: number;
  readonly mediaType: "video" | "audio";
  /** For people. */
  readonly name: string;
  /** BCP 47; "und" where the encoder did not say. */
  readonly language: string;
  /** RFC 6381. */
  readonly codec: string;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly frameRate?: number | undefined;
  readonly sampleRate?: number | undefined;
  readonly channels?: number | undefined;
};

/** Why a recording ended. */
export type ListedRecordingReason =
  | "ended"
  | "lost"
  | "stopped"
  | "replaced"
  | "changed"
  | "rotated"
  | "shutdown"
  | "failed"
  | "crash";

/** One recording: a file of one publish of one stream. */
export type ListedRecording = {
  readonly id: string;
  /** APP/NAME. */
  readonly streamPath: string;
  readonly state: "recording" | "complete" | "failed";
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Seconds. */
  readonly duration: number;
  readonly bytes: number;
  readonly reason: ListedRecordingReason | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly tracks: readonly ListedRecordingTrack[];
};

/** The whole answer: the newest first. */
export type RecordingList = {
  readonly recordings: readonly ListedRecording[];
  /** What to ask for as `before` to be told of older ones; null where there are none. */
  readonly next: string | null;
  /** Whether who asks may start, stop and delete. */
  readonly mayChange: boolean;
};
