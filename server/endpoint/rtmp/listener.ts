import { createServer, type Server, type Socket } from "node:net";
import { RepeatLog } from "../../log.ts";
import { AddressCounter } from "../entry/address-counter.ts";
import { speechOf } from "../entry/first-bytes.ts";
import { RtmpConnection, type RtmpConnectionOptions } from "./connection.ts";

/** What the RTMP port is made of. */
export type RtmpListenerOptions = RtmpConnectionOptions & {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Where a lost web browser is sent. */
  readonly httpPort: () => number;
};

/** The RTMP port: takes connections, sorts out by the first byte who is no RTMP client. */
export class RtmpListener {
  readonly #options: RtmpListenerOptions;
  readonly #server: Server;
  /** Everybody who is connected, with the RTMP connection once it is known to be one. */
  readonly #sockets = new Map<Socket, RtmpConnection | undefined>();
  readonly #addresses: AddressCounter;
  readonly #repeats: RepeatLog;

  constructor(options: RtmpListenerOptions) {
    this.#options = options;
    this.#addresses = new AddressCounter(options.connectionsPerAddress);
    this.#repeats = new RepeatLog(options.log, options.clock);
    this.#server = createServer((socket) => this.#welcome(socket));
  }

  /** @returns the port taken. @throws the system's error, such as EADDRINUSE */
  listen(port: number, host: string | undefined): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ port, host }, () => {
        this.#server.off("error", reject);
        this.#server.on("error", (error) => this.#options.log.error("RTMP port failed", { error }));
        const address = this.#server.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  /** Takes no more, tells everybody, and closes what is left after a moment. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const [socket, connection] of this.#sockets) {
      if (connection === undefined) socket.destroy();
      else connection.close("NetConnection.Connect.AppShutdown", "the server is shutting down");
    }
    await closed;
  }

  #welcome(socket: Socket): void {
    const { connections, limits, clock } = this.#options;
    const address = socket.remoteAddress ?? "";
    const openedAt = clock.now();
    if (this.#sockets.size >= connections || !this.#addresses.take(address)) {
      this.#repeats.warn("RTMP_CONNECTIONS", "RTMP connection refused: too many", { address });
      socket.destroy();
      return;
    }
    this.#sockets.set(socket, undefined);
    // Until it is known who this is: an error or a pause without a word ends it.
    socket.on("error", () => {});
    const cancel = clock.after(limits.handshakeTime, () => {
      const message = `connection ended: it said nothing for ${limits.handshakeTime} ms`;
      this.#repeats.warn("RTMP_HANDSHAKE_TIME", message, { address });
      socket.destroy();
    });
    socket.once("data", (bytes) => {
      cancel();
      this.#sort(socket, bytes, openedAt);
    });
    socket.once("close", () => {
      cancel();
      this.#sockets.delete(socket);
      this.#addresses.give(address);
    });
  }

  #sort(socket: Socket, bytes: Buffer, openedAt: number): void {
    const { log, httpPort, clock, limits } = this.#options;
    const speech = speechOf(bytes[0] ?? 0);
    if (speech === "rtmp") {
      socket.setNoDelay(true);
      const peer = { address: socket.remoteAddress ?? "", transport: "rtmp", openedAt } as const;
      const connection = new RtmpConnection(socket, peer, this.#options);
      this.#sockets.set(socket, connection);
      connection.receive(bytes);
      return;
    }
    const address = socket.remoteAddress;
    if (speech === "http") {
      log.debug("a web request on the RTMP port", { code: "RTMP_PORT_HTTP", address });
      socket.once(
        "close",
        clock.after(limits.refusalLinger, () => socket.destroy()),
      );
      socket.end(notHere(httpPort()));
      return;
    }
    const what = speech === "tls" ? "TLS, which is not set up" : "something that is not RTMP";
    const text = `connection on the RTMP port ended: it speaks ${what}`;
    this.#repeats.warn("RTMP_PORT_SPEECH", text, { address });
    socket.destroy();
  }
}

/** An ordinary web request came to the wrong door. */
function notHere(httpPort: number): string {
  const body = `This is the RTMP port. Pages, API and streams are on port ${httpPort}.\n`;
  return [
    "HTTP/1.1 404 Not Found",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    "",
    body,
  ].join("\r\n");
}
