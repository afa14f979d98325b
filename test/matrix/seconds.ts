/** How long a publisher publishes; `MATRIX_SECONDS` shortens it while something is being tried. */
export const SECONDS: number = Number(process.env["MATRIX_SECONDS"] ?? 60);

/** How long it publishes after its return, and codecs that need no minute. */
export const SHORT: number = Math.min(SECONDS, 8);
