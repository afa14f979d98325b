import type {
  ListedRecording,
  ListedRecordingReason,
} from "../../server/protocol/wire/recording-list.ts";

/** All that the page of recordings says to people, in one place. */
export const RECORDING_WORDS = {
  states: { recording: "Recording", complete: "Complete", failed: "Broke off" },
  play: "Play",
  close: "Close",
  download: "Download",
  stop: "Stop",
  delete: "Delete",
  /** On the same button, once it was pressed. */
  sure: "Really delete?",
  record: "Record",
  lost: "The server does not answer. What is shown may be old.",
  notDone: "The server did not do it",
  cannotPlay: "This browser cannot play it. Downloaded, another player can.",
} as const;

const REASONS: { readonly [reason in ListedRecordingReason]: string } = {
  ended: "",
  lost: "The publisher's line was lost.",
  stopped: "",
  replaced: "Another publisher took over.",
  changed: "Tracks changed; it goes on in the next file.",
  rotated: "It goes on in the next file.",
  shutdown: "The server was stopped.",
  failed: "",
  crash: "The server was cut off; what had reached the disk is here.",
};

/** Why it ended, where that is worth a word. */
export function endWords({ reason, failure }: ListedRecording): string {
  if (failure !== null) return `It broke off: ${failure.message}.`;
  return reason === null ? "" : REASONS[reason];
}

/** "1 recording · 2.4 GB" */
export const summaryWords = (count: number, size: string, hasMore: boolean): string =>
  `${count}${hasMore ? "+" : ""} ${count === 1 ? "recording" : "recordings"} · ${size}`;
