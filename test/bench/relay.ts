import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { answer } from "./helper.ts";

/** Opens a relay; the first that connects is heard by the second. */
export type RelayRequest = Record<string, never>;

/** What any server adds at least: a socket in, a socket out, nothing between. */
answer<RelayRequest, number>(async () => {
  const sockets: Socket[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    if (sockets.length === 1) socket.on("data", (bytes) => sockets[1]?.write(bytes));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
});
