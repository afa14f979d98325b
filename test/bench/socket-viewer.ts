import { connect, type Socket } from "node:net";

/** A WebSocket message as it lay on the line, header included, and when its last byte came (ms). */
export type RecordedMessage = { readonly at: number; readonly bytes: Buffer };

/** What is told of each message; `payload` is a view that is good for the moment. */
export type OnMessage = (message: {
  readonly isBinary: boolean;
  readonly payload: Buffer;
  /** `performance.now()` as the bytes that completed it came. */
  readonly at: number;
}) => void;

/** The request that opens a WebSocket (RFC 6455 §4.1). */
export const upgradeRequest = (port: number, path: string): string =>
  [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "\r\n",
  ].join("\r\n");

const BINARY = 0x82;

/** A viewer on a bare socket: as little as possible lies between the bytes and the clock. */
export class SocketViewer {
  /** When the upgrade was sent. */
  openedAt: number | undefined;
  /** All that came, the answer to the upgrade included. */
  bytes = 0;
  readonly #socket: Socket;
  readonly #onMessage: OnMessage;
  #isUpgraded = false;
  /** The beginning of a message, in pieces, their length, and how much is needed to go on. */
  #pieces: Buffer[] = [];
  #length = 0;
  #needed = 2;
  #recorded: RecordedMessage[] | undefined;

  constructor(port: number, path: string, onMessage: OnMessage = () => {}) {
    this.#onMessage = onMessage;
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.#socket.once("connect", () => {
      this.openedAt = performance.now();
      this.#socket.write(upgradeRequest(port, path));
    });
    this.#socket.on("data", (bytes) => this.#receive(bytes, performance.now()));
    this.#socket.on("error", () => {});
  }

  /** Keeps all messages from now on. */
  record(): void {
    this.#recorded = [];
  }

  /** @returns what was kept since `record` */
  stopRecording(): readonly RecordedMessage[] {
    const recorded = this.#recorded ?? [];
    this.#recorded = undefined;
    return recorded;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer, at: number): void {
    this.bytes += bytes.length;
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    if (this.#length < this.#needed) return;
    let rest = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces);
    if (!this.#isUpgraded) rest = this.#upgrade(rest);
    this.#needed = 2;
    while (this.#isUpgraded && rest.length >= 2) {
      const header = headerLength(rest);
      this.#needed = rest.length < header ? header : header + payloadLength(rest);
      if (rest.length < this.#needed) break;
      this.#take(rest.subarray(0, this.#needed), header, at);
      rest = rest.subarray(this.#needed);
      this.#needed = 2;
    }
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
  }

  #upgrade(bytes: Buffer): Buffer {
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return bytes;
    const status = bytes.toString("latin1", 0, bytes.indexOf("\r\n"));
    if (!status.startsWith("HTTP/1.1 101")) throw new Error(`No WebSocket: ${status}`);
    this.#isUpgraded = true;
    return bytes.subarray(end + 4);
  }

  #take(message: Buffer, header: number, at: number): void {
    this.#recorded?.push({ at, bytes: Buffer.from(message) });
    const isBinary = message[0] === BINARY;
    this.#onMessage({ isBinary, payload: message.subarray(header), at });
  }
}

/** Of a frame from a server, unmasked (RFC 6455 §5.2). */
function headerLength(frame: Buffer): number {
  const short = (frame[1] ?? 0) & 0x7f;
  return short < 126 ? 2 : short === 126 ? 4 : 10;
}

function payloadLength(frame: Buffer): number {
  const short = (frame[1] ?? 0) & 0x7f;
  if (short < 126) return short;
  return short === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
}
