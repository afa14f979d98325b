import type { Writable } from "node:stream";

/**
 * Bytes that the kernel has not taken. `writableLength` stands still while one large write goes out
 * piece by piece; the queue of the socket's handle does not (it is what a socket's own timeout looks
 * at).
 *
 * @param socket what `writable` writes to in the end; it may be that itself
 */
export function unsentBytes(
  writable: Pick<Writable, "writableLength">,
  socket: object | null = writable,
): number {
  const handle: unknown = socket === null ? undefined : Reflect.get(socket, "_handle");
  const isKnown = typeof handle === "object" && handle !== null && "writeQueueSize" in handle;
  const queued = isKnown ? Number(handle.writeQueueSize) : 0;
  return writable.writableLength + queued;
}
