import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Whoever connects and keeps to no rules: sends bytes as they are, and keeps what comes back. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #received: Buffer[] = [];
  readonly #waiting = new Set<() => void>();
  /** Resolves when the server closed the connection, or reset it. */
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {}); // `close` follows
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("data", (bytes) => {
      this.#received.push(bytes);
      for (const look of [...this.#waiting]) look();
    });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(socket, "connect");
    return new RawConnection(socket);
  }

  /** A connection to an RTMP port, its simple handshake done (RTMP 1.0 §5.2). */
  static async openRtmp(port: number): Promise<RawConnection> {
    const connection = await RawConnection.open(port);
    const c1 = Buffer.alloc(HANDSHAKE_LENGTH, 0x5a).fill(0, 0, 8);
    connection.send(Buffer.concat([Buffer.of(3), c1]));
    await connection.receive(1 + 2 * HANDSHAKE_LENGTH);
    connection.send(connection.received.subarray(1, 1 + HANDSHAKE_LENGTH));
    return connection;
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  send(bytes: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** Resolves when so many bytes have come. */
  receive(length: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.received.length < length) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Lets go, by a reset. */
  abort(): void {
    this.#socket.resetAndDestroy();
  }
}

const HANDSHAKE_LENGTH = 1536;
