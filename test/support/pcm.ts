import { spawnSync } from "node:child_process";

/**
 * Lets ffmpeg decode the sound of a file: values of all channels in turn, 16 bit, at the file's rate.
 *
 * @param input a path, or the bytes of a whole file
 * @param format how to read it, where bytes do not tell: `["-f", "alaw"]`
 * @throws Error with what ffmpeg complained of
 */
export function decodePcm(input: string | Uint8Array, format: readonly string[] = []): Int16Array {
  const from = typeof input === "string" ? input : "pipe:0";
  const args = ["-v", "warning", ...format, "-i", from, "-vn", "-f", "s16le", "pipe:1"];
  const { status, stdout, stderr } = spawnSync("ffmpeg", args, {
    ...(typeof input === "string" ? {} : { input }),
    maxBuffer: 2 ** 28,
  });
  const complaints = stderr.toString().trim();
  if (status !== 0 || complaints !== "") throw new Error(`ffmpeg: ${complaints}`);
  return new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1);
}

/**
 * Throws where what a viewer heard is not what was published, value by value.
 *
 * @param channels up to 15 samples of each may be missing at the very end: they would have been less
 *   than FLAC takes for a frame
 */
export function expectSamePcm(published: Int16Array, heard: Int16Array, channels: number): void {
  const missing = published.length - heard.length;
  if (missing < 0 || missing >= 16 * channels) {
    throw new Error(`Heard ${heard.length} values, where ${published.length} were published`);
  }
  const at = heard.findIndex((value, index) => value !== published[index]);
  if (at !== -1) {
    throw new Error(`Value ${at} of ${heard.length} is ${heard[at]}, not ${published[at]}`);
  }
}
