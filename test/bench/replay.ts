import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { answer } from "./helper.ts";
import type { RecordedMessage } from "./socket-viewer.ts";

/** Takes messages, or plays them at their times to all who are connected; returns the port. */
export type ReplayRequest =
  | { readonly type: "load"; readonly messages: readonly RecordedMessage[] }
  | { readonly type: "play" };

let messages: readonly RecordedMessage[] = [];
const sockets = new Set<Socket>();
const server = createServer({ noDelay: true }, (socket) => {
  sockets.add(socket);
  socket.on("error", () => {});
  socket.on("close", () => sockets.delete(socket));
});

/** The floor of delivery: the very bytes, at the same pace, written to as many sockets. */
answer<ReplayRequest, number>(async (request) => {
  if (request.type === "load") {
    messages = request.messages;
    if (server.listening) return portOf(server);
    server.listen(0, "127.0.0.1", 1024);
    await once(server, "listening");
  } else {
    const began = performance.now();
    const first = messages[0]?.at ?? 0;
    for (const { at, bytes } of messages) {
      const wait = began + at - first - performance.now();
      if (wait > 0) await sleep(wait);
      for (const socket of sockets) socket.write(bytes);
    }
  }
  return portOf(server);
});

function portOf(listening: Server): number {
  return (listening.address() as AddressInfo).port;
}
