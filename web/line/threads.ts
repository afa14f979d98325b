import type { LineCommand, LineReport } from "./messages.ts";

/** Where a line may live. */
export type ThreadName = "worker" | "page";

/** Why a line lives on the page: stable codes. */
export type ThreadReason =
  /** No MediaSource in workers in this browser. */
  | "unsupported"
  /** The page's policy forbids it: `worker-src`. */
  | "policy"
  /** Its file did not come, or did not run. */
  | "unreachable"
  /** It did not answer in time. */
  | "silent"
  /** It failed while it ran. */
  | "crashed"
  /** What it filled could not be played. */
  | "failing";

/** A place where a line lives, and the way to it. Nothing waits: what is sent early is kept for it. */
export type LineThread = {
  readonly name: ThreadName;
  send(command: LineCommand): void;
  /** Ends the line for good. */
  close(): void;
};

/** What a thread reports. */
export type ThreadListener = {
  onReport(report: LineReport): void;
  /** It is gone, and the line with it. */
  onLost(reason: ThreadReason): void;
};

/** From page to worker: for one of the lines in it. */
export type ToWorker = { readonly line: number; readonly command: LineCommand };

/** From worker to page. */
export type ToPage = { readonly line: number; readonly report: LineReport };
