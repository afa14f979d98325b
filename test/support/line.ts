import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type LineShape, ShapedPipe } from "./shaped-pipe.ts";

/** One connection: the viewer's end, the server's end, and both ways between them. */
type Pair = {
  readonly ends: readonly [Socket, Socket];
  readonly pipes: readonly [ShapedPipe, ShapedPipe];
  readonly isWebSocket: boolean;
};

/** The line between a browser and the server, for tests that make it a bad one: a TCP proxy. */
export class Line {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  /** They came while it was cut. */
  readonly #waiting = new Set<Socket>();
  #refusal: number | undefined;
  #isCut = false;
  #shape: LineShape = {};
  #webSockets = 0;

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

  /** WebSockets that were asked for, refused ones included. */
  get webSockets(): number {
    return this.#webSockets;
  }

  /** As a proxy that knows no WebSocket: it ends those there are, and answers upgrades like that. */
  refuseWebSockets(status: 403 | 404 = 403): void {
    this.#refusal = status;
    for (const { ends, isWebSocket } of this.#pairs) {
      if (isWebSocket) for (const end of ends) end.destroy();
    }
  }

  allowWebSockets(): void {
    this.#refusal = undefined;
  }

  /** Nothing passes any more, in either direction, and nobody is told. */
  cut(): void {
    this.#isCut = true;
    for (const { pipes } of this.#pairs) for (const pipe of pipes) pipe.hold();
  }

  /** What waited passes now, as TCP would send it again. */
  mend(): void {
    this.#isCut = false;
    for (const { pipes } of this.#pairs) for (const pipe of pipes) pipe.release();
    for (const viewer of this.#waiting) viewer.resume();
    this.#waiting.clear();
  }

  /** What passes from now on does so like that: towards the viewer, and its delay both ways. */
  shape(shape: LineShape): void {
    this.#shape = shape;
  }

  /** Every connection is reset: both ends are told. */
  reset(): void {
    for (const { ends } of this.#pairs) for (const end of ends) end.resetAndDestroy();
  }

  async close(): Promise<void> {
    for (const { ends } of this.#pairs) for (const end of ends) end.destroy();
    for (const viewer of this.#waiting) viewer.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(viewer: Socket, port: number): void {
    viewer.setNoDelay(true);
    viewer.on("error", () => {}); // `close` follows
    viewer.once("data", (first) => {
      const isWebSocket = /^upgrade: websocket\r$/im.test(first.toString("latin1"));
      if (isWebSocket) this.#webSockets += 1;
      if (isWebSocket && this.#refusal !== undefined) {
        const words = this.#refusal === 403 ? "Forbidden" : "Not Found";
        viewer.end(
          `HTTP/1.1 ${this.#refusal} ${words}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        );
        return;
      }
      const server = connect({ port, host: "127.0.0.1", noDelay: true });
      server.on("error", () => {});
      const up = new ShapedPipe(viewer, server, () => ({ delay: this.#shape.delay ?? 0 }));
      const down = new ShapedPipe(server, viewer, () => this.#shape);
      const pair: Pair = { ends: [viewer, server], pipes: [up, down], isWebSocket };
      this.#pairs.add(pair);
      for (const end of pair.ends) end.once("close", () => this.#pairs.delete(pair));
      up.push(first);
      if (this.#isCut) for (const pipe of pair.pipes) pipe.hold();
    });
    if (!this.#isCut) return;
    viewer.pause();
    this.#waiting.add(viewer);
  }
}
