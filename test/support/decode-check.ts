import { spawnSync } from "node:child_process";

/**
 * Lets ffmpeg decode what was served.
 *
 * @param bytes a whole file: init segment and fragments, or packed audio
 * @returns what it warned of; an empty string where all is well
 */
export function decodeWarnings(bytes: Uint8Array, options: { ffmpeg?: string } = {}): string {
  // Pictures leave with their own times: a guessed constant rate would make two of them fall together.
  const asTheyAre = ["-fps_mode", "passthrough", "-enc_time_base", "-1"];
  const args = ["-hide_banner", "-v", "warning", "-i", "pipe:0", ...asTheyAre, "-f", "null", "-"];
  const ffmpeg = spawnSync(options.ffmpeg ?? "ffmpeg", args, {
    input: bytes,
    maxBuffer: 2 ** 26,
  });
  const complaints = ffmpeg.stderr.toString().trim();
  return ffmpeg.status === 0 ? complaints : `exit code ${ffmpeg.status}\n${complaints}`;
}
