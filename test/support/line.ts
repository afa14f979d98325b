import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** One connection: the viewer's end, the server's end. */
type Pair = { readonly ends: readonly [Socket, Socket]; readonly isWebSocket: boolean };

/** The line between a browser and the server, for tests that cut it: a TCP proxy. */
export class Line {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #refusesWebSockets = false;
  #isCut = false;

  private constructor(port: number) {
    this.#server = createServer((viewer) => this.#accept(viewer, port));
  }

  /** @param port of the server's HTTP side, on this machine */
  static async open(port: number): Promise<Line> {
    const line = new Line(port);
    line.#server.listen(0, "127.0.0.1");
    await once(line.#server, "listening");
    return line;
  }

  /** The server's address through this line. */
  httpUrl(path: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${path}`;
  }

  /** As a proxy that knows no WebSocket: it ends those there are, and answers upgrades with 403. */
  refuseWebSockets(): void {
    this.#refusesWebSockets = true;
    for (const { ends, isWebSocket } of this.#pairs) {
      if (isWebSocket) for (const end of ends) end.destroy();
    }
  }

  allowWebSockets(): void {
    this.#refusesWebSockets = false;
  }

  /** Nothing passes any more, in either direction, and nobody is told. */
  cut(): void {
    this.#isCut = true;
    for (const { ends } of this.#pairs) for (const end of ends) end.pause();
  }

  /** What waited passes now, as TCP would send it again. */
  mend(): void {
    this.#isCut = false;
    for (const { ends } of this.#pairs) for (const end of ends) end.resume();
  }

  async close(): Promise<void> {
    for (const { ends } of this.#pairs) for (const end of ends) end.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(viewer: Socket, port: number): void {
    viewer.setNoDelay(true);
    viewer.on("error", () => {}); // `close` follows
    viewer.once("data", (first) => {
      const isWebSocket = /^upgrade: websocket\r$/im.test(first.toString("latin1"));
      if (isWebSocket && this.#refusesWebSockets) {
        viewer.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
      }
      const server = connect({ port, host: "127.0.0.1", noDelay: true });
      const pair: Pair = { ends: [viewer, server], isWebSocket };
      this.#pairs.add(pair);
      server.on("error", () => {});
      for (const [end, other] of [
        [viewer, server],
        [server, viewer],
      ] as const) {
        end.on("data", (bytes) => {
          if (!other.write(bytes)) end.pause();
        });
        other.on("drain", () => {
          if (!this.#isCut) end.resume();
        });
        end.once("close", () => {
          other.destroy();
          this.#pairs.delete(pair);
        });
      }
      server.write(first);
      if (this.#isCut) this.cut();
    });
    if (this.#isCut) viewer.pause();
  }
}
