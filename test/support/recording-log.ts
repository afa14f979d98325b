import type { Log } from "../../server/log.ts";

/** One line that was logged. */
export type LogLine = { level: string; message: string; fields: Record<string, unknown> };

/** A log that a test reads. */
export function recordingLog(lines: LogLine[] = []): Log & { lines: LogLine[] } {
  const write =
    (level: string) =>
    (message: string, fields: object = {}): void => {
      lines.push({ level, message, fields: { ...fields } });
    };
  return {
    lines,
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
}
