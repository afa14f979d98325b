import { connect, type Socket } from "node:net";
import { answer } from "./helper.ts";
import { upgradeRequest } from "./socket-viewer.ts";

/** Connects more viewers, tells the bytes they got so far, or lets all of them leave. */
export type CrowdRequest =
  | {
      readonly type: "connect";
      readonly port: number;
      readonly count: number;
      /** Upgraded to a WebSocket here; without one the bare socket is read. */
      readonly path?: string;
    }
  | { readonly type: "count" }
  | { readonly type: "leave" };

const sockets = new Set<Socket>();
let bytes = 0;

/** All read into the same memory: what viewers cost is not what is measured. */
const buffer = Buffer.alloc(1024 * 1024);

answer<CrowdRequest, number>(async (request) => {
  if (request.type === "connect") {
    for (let n = 0; n < request.count; n += 1) await join(request.port, request.path);
  } else if (request.type === "leave") {
    const closed = [...sockets].map(
      (socket) => new Promise((resolve) => socket.once("close", resolve)),
    );
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await Promise.all(closed);
  }
  return bytes;
});

function join(port: number, path: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const callback = (length: number) => {
      bytes += length;
      if (path !== undefined) resolve(); // the answer to the upgrade at least
      return true;
    };
    const socket = connect({ host: "127.0.0.1", port, onread: { buffer, callback } });
    sockets.add(socket);
    socket.once("connect", () => {
      if (path === undefined) resolve();
      else socket.write(upgradeRequest(port, path));
    });
    socket.once("error", reject);
    socket.once("close", () => {
      if (sockets.has(socket)) throw new Error("The server closed a viewer's connection");
    });
  });
}
