import { LiveLine } from "../line/live-line.ts";
import type { LineReport } from "../line/messages.ts";
import type { ToPage, ToWorker } from "../line/threads.ts";

// The worker that the live lines of a page live in: `web/line/line-workers.ts` is its other end. Where
// there is no worker the page loads the same file, and takes what it exports.

export { LiveLine };

const lines = new Map<number, LiveLine>();

if (typeof DedicatedWorkerGlobalScope !== "undefined") addEventListener("message", hear);

function hear({ data }: MessageEvent<ToWorker>): void {
  const { line, command } = data;
  if (command.type === "stop") {
    lines.get(line)?.receive(command);
    lines.delete(line);
    return;
  }
  const known = lines.get(line) ?? new LiveLine((report) => tell(line, report));
  lines.set(line, known);
  known.receive(command);
}

/** What stands for a MediaSource is handed over; everything else is small, or copied on purpose. */
function tell(line: number, report: LineReport): void {
  const message: ToPage = { line, report };
  const isOpening = report.type === "prepared" || report.type === "built";
  const source = isOpening ? report.source : undefined;
  postMessage(message, source === undefined ? [] : [source as MediaSourceHandle]);
}
