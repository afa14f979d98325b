import type { Socket } from "node:net";

/** What somebody speaks who connected to the RTMP port, by the first byte. */
export type Speech = "rtmp" | "tls" | "http" | "unknown";

/** RTMP's C0 versions from here on are forbidden (RTMP 1.0 §5.2.2). */
const FIRST_FORBIDDEN_VERSION = 32;
/** TLS record type "handshake" (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16;

/**
 * Tells what comes by its first byte, without waiting for a second one. Versions of 32 and more
 * are forbidden to RTMP so that text can be told apart: a capital letter begins an HTTP method. All
 * others may be RTMP, whose handshake answers reserved versions with the one it speaks.
 */
export function speechOf(firstByte: number): Speech {
  if (firstByte === TLS_HANDSHAKE) return "tls";
  if (firstByte < FIRST_FORBIDDEN_VERSION) return "rtmp";
  return firstByte >= 0x41 && firstByte <= 0x5a ? "http" : "unknown";
}

/** What was looked at is to be read again by whoever takes the socket; it is paused until then. */
export function giveBack(socket: Socket, bytes: Uint8Array): void {
  socket.pause();
  socket.unshift(bytes);
}
