import { execFile } from "node:child_process";

/**
 * Lets ffmpeg decode what was served.
 *
 * @param bytes a whole file: init segment and fragments, or packed audio
 * @returns what it warned of; an empty string where all is well
 */
export function decodeWarnings(bytes: Uint8Array): Promise<string> {
  // Pictures leave with their own times: a guessed constant rate would make two of them fall together.
  const asTheyAre = ["-fps_mode", "passthrough", "-enc_time_base", "-1"];
  const args = ["-hide_banner", "-v", "warning", "-i", "pipe:0", ...asTheyAre, "-f", "null", "-"];
  return new Promise((resolve) => {
    const ffmpeg = execFile("ffmpeg", args, { maxBuffer: 2 ** 26 }, (error, _, stderr) => {
      const complaints = stderr.trim();
      resolve(error === null ? complaints : `exit code ${error.code}\n${complaints}`);
    });
    ffmpeg.stdin?.on("error", () => {}); // it may end before it has read all: its exit code tells
    ffmpeg.stdin?.end(bytes);
  });
}
