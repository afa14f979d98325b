import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../../live/clock.ts";
import type { RepeatLog } from "../../log.ts";
import { giveBack, speechOf } from "./first-bytes.ts";
import type { HttpPort } from "./http-port.ts";
import { closed, listen } from "./listen.ts";
import type { Places } from "./places.ts";
import type { TlsTerminator } from "./tls.ts";

/** Who came, and how. */
export type Arrival = {
  readonly address: string;
  readonly transport: "rtmp" | "rtmps";
  /** ms since 1970 */
  readonly openedAt: number;
};

/** What a port for RTMP is made of. */
export type RtmpPortOptions = {
  /** Takes an RTMP client, with the bytes that had to be looked at. */
  readonly adopt: (socket: Socket, arrival: Arrival, bytes: Uint8Array) => void;
  /** Takes who speaks HTTP. */
  readonly http: Pick<HttpPort, "admit" | "take">;
  /** Absent: nobody gets through with TLS. */
  readonly tls?: TlsTerminator | undefined;
  /** Nobody gets through without. */
  readonly tlsOnly?: boolean;
  readonly places: Places;
  readonly clock: Clock;
  /** Somebody who says nothing for so long is sent away, ms. */
  readonly handshakeTime: number;
  readonly repeats: RepeatLog;
  /** Told once when the port fails while it is open. */
  readonly onError: (error: Error) => void;
};

/**
 * A port for every form of RTMP: plain and encrypted, in TLS, in HTTP, and in both. The first byte
 * tells which it is, and inside TLS the first byte tells again.
 */
export class RtmpPort {
  readonly #options: RtmpPortOptions;
  readonly #server: Server;
  /** Raw sockets of whom it is not known yet what they speak. */
  readonly #strangers = new Set<Socket>();

  constructor(options: RtmpPortOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (raw) => this.#welcome(raw));
  }

  /** @returns the port taken. @throws the system's error, such as EADDRINUSE */
  async listen(port: number, host: string | undefined): Promise<number> {
    const taken = await listen(this.#server, port, host);
    this.#server.on("error", this.#options.onError);
    return taken;
  }

  /** Takes no more; resolves when all who came in here are gone, which is for others to bring about. */
  close(): Promise<void> {
    const isClosed = closed(this.#server);
    for (const stranger of this.#strangers) stranger.destroy();
    return isClosed;
  }

  #welcome(raw: Socket): void {
    const { places, repeats, clock, tls } = this.#options;
    const address = raw.remoteAddress ?? "";
    raw.on("error", () => {}); // nobody else listens until it is known who this is
    const leave = places.take(address);
    if (leave === undefined) {
      repeats.warn("RTMP_CONNECTIONS", "RTMP connection refused: too many", { address });
      raw.destroy();
      return;
    }
    this.#strangers.add(raw);
    raw.once("close", () => {
      this.#strangers.delete(raw);
      leave();
    });
    this.#look(raw, clock.now(), (bytes, openedAt) => {
      const speech = speechOf(bytes[0] ?? 0);
      if (speech === "tls" && tls !== undefined) {
        giveBack(raw, bytes);
        tls.accept(raw, (socket) => this.#welcomeInside(raw, socket, leave));
      } else if (this.#options.tlsOnly === true) {
        this.#refuse(raw, speech === "rtmp" || speech === "http" ? "no TLS" : undefined);
      } else if (speech === "rtmp") {
        this.#adopt(raw, raw, { address, transport: "rtmp", openedAt }, bytes);
      } else if (speech === "http") {
        this.#toHttp(raw, raw, bytes, leave);
      } else {
        this.#refuse(raw, speech === "tls" ? "TLS, which is not set up" : undefined);
      }
    });
  }

  #welcomeInside(raw: Socket, socket: Socket, leave: () => void): void {
    const address = raw.remoteAddress ?? "";
    socket.on("error", () => {});
    this.#look(socket, this.#options.clock.now(), (bytes, openedAt) => {
      const speech = speechOf(bytes[0] ?? 0);
      if (speech === "rtmp") {
        this.#adopt(raw, socket, { address, transport: "rtmps", openedAt }, bytes);
      } else if (speech === "http") {
        this.#toHttp(raw, socket, bytes, leave);
      } else {
        this.#refuse(socket, speech === "tls" ? "TLS within TLS" : undefined);
      }
    });
  }

  /** Waits for the first bytes, but not for ever. */
  #look(
    socket: Socket,
    openedAt: number,
    onBytes: (bytes: Buffer, openedAt: number) => void,
  ): void {
    const { clock, handshakeTime, repeats } = this.#options;
    const { remoteAddress: address } = socket;
    const cancel = clock.after(handshakeTime, () => {
      const message = `connection ended: it said nothing for ${handshakeTime} ms`;
      repeats.warn("RTMP_HANDSHAKE_TIME", message, { address });
      socket.destroy();
    });
    socket.once("close", cancel);
    socket.once("data", (bytes: Buffer) => {
      socket.off("close", cancel);
      cancel();
      onBytes(bytes, openedAt);
    });
  }

  #adopt(raw: Socket, socket: Socket, arrival: Arrival, bytes: Buffer): void {
    this.#strangers.delete(raw);
    this.#options.adopt(socket, arrival, bytes);
  }

  /** It is counted as a web connection from now on. */
  #toHttp(raw: Socket, socket: Socket, bytes: Buffer, leave: () => void): void {
    const { http } = this.#options;
    this.#strangers.delete(raw);
    leave();
    if (http.admit(raw)) http.take(socket, "rtmp", bytes);
  }

  #refuse(socket: Socket, what = "something that is not RTMP"): void {
    const { remoteAddress: address } = socket;
    const text = `connection on the RTMP port ended: it speaks ${what}`;
    this.#options.repeats.warn("RTMP_PORT_SPEECH", text, { address });
    socket.destroy();
  }
}
