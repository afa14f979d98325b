/** "error": somebody sees or hears nothing. "warning": everybody notices. "info": it could be better. */
export type Severity = "error" | "warning" | "info";

/** Everything that the doctor knows. */
export type FindingCode =
  | "NO_MEDIA"
  | "STANDS_STILL"
  | "NO_KEYFRAME"
  | "CODEC_UNPLAYABLE"
  | "ARRIVAL_STALLS"
  | "FRAMES_DROPPED"
  | "ENCODER_OVERLOADED"
  | "SLOWER_THAN_TIME"
  | "FASTER_THAN_TIME"
  | "VIDEO_STOPPED"
  | "KEYFRAMES_FAR_APART"
  | "FRAME_RATE_LOW"
  | "PICTURES_MISSING"
  | "AV_OFFSET"
  | "AUDIO_STOPPED"
  | "AUDIO_CLOCK"
  | "AUDIO_SILENT"
  | "VIDEO_PROFILE"
  | "CODEC_LIMITED"
  | "TIMESTAMP_JUMPS"
  | "TIMESTAMPS_DISORDERED"
  | "MESSAGES_DROPPED"
  | "ARRIVAL_JITTER"
  | "KEYFRAMES_IRREGULAR"
  | "KEYFRAMES_LARGE"
  | "OPEN_GOP"
  | "INTERLACED"
  | "B_FRAMES"
  | "FRAME_RATE_VARIABLE"
  | "BITRATE_UNSTEADY"
  | "BITRATE_HIGH"
  | "AUDIO_MISSING"
  | "AUDIO_SAMPLE_RATE"
  | "RESOLUTION_ODD"
  | "RESOLUTION_LARGE"
  | "CLOCK_DRIFT";

/** Something that is amiss with a broadcast. */
export type Finding = {
  /** Stable, for machines. */
  readonly code: FindingCode;
  readonly severity: Severity;
  /** For people: one sentence that says what is wrong, and which setting of the encoder to change. */
  readonly message: string;
};
