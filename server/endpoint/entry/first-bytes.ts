/** What somebody speaks who connected to the RTMP port, by the first byte. */
export type Speech = "rtmp" | "tls" | "http" | "unknown";

/** RTMP's C0 versions (RTMP 1.0 §5.2.2): 3, and those of encrypted handshakes. */
const RTMP_VERSIONS: readonly number[] = [3, 6, 8, 9];
/** TLS record type "handshake" (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16;

/**
 * Tells what comes by its first byte, without waiting for a second one. Versions of 32 and more
 * are forbidden to RTMP so that text can be told apart: a capital letter begins an HTTP method.
 */
export function speechOf(firstByte: number): Speech {
  if (RTMP_VERSIONS.includes(firstByte)) return "rtmp";
  if (firstByte === TLS_HANDSHAKE) return "tls";
  return firstByte >= 0x41 && firstByte <= 0x5a ? "http" : "unknown";
}
