import { connect, type Socket } from "node:net";

/** What came for a request. */
export type HttpAnswer = {
  readonly status: number;
  /** Status line and headers, as they came. */
  readonly head: string;
  /** Absent where only its length was of interest. */
  readonly body: Buffer | undefined;
  readonly length: number;
  /** `performance.now()` as its last bytes came. */
  readonly at: number;
};

type Waiting = {
  readonly keeps: boolean;
  resolve(answer: HttpAnswer): void;
  reject(error: Error): void;
};

/** All read into the same memory: what viewers cost is not what is measured. */
const shared = Buffer.allocUnsafe(1024 * 1024);

const END_OF_HEAD = "\r\n\r\n";

/**
 * One connection for HTTP/1.1 that is kept, on a bare socket: as little as possible lies between the
 * bytes and the clock. One request at a time; answers have a length.
 */
export class HttpLine {
  /** All bytes that came. */
  bytes = 0;
  readonly #socket: Socket;
  readonly #host: string;
  #waiting: Waiting | undefined;
  #head = "";
  #pieces: Buffer[] = [];
  #length = 0;
  /** Of the body; undefined while the head is being read. */
  #left: number | undefined;

  constructor(port: number) {
    this.#host = `127.0.0.1:${port}`;
    const callback = (length: number): boolean => {
      this.#receive(shared.subarray(0, length), performance.now());
      return true;
    };
    const onread = { buffer: shared, callback };
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true, onread });
    const fail = (): void => this.#waiting?.reject(new Error("The server closed a connection"));
    this.#socket.on("error", fail);
    this.#socket.on("close", fail);
  }

  /** @param keeps whether the body is wanted */
  get(path: string, { keeps = true, headers = "" } = {}): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { keeps, resolve, reject };
      this.#head = "";
      this.#pieces = [];
      this.#left = undefined;
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n${headers}\r\n`);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #receive(bytes: Buffer, at: number): void {
    this.bytes += bytes.length;
    let rest = bytes;
    if (this.#left === undefined) {
      const begun = this.#head.length;
      this.#head += bytes.toString("latin1");
      const end = this.#head.indexOf(END_OF_HEAD);
      if (end < 0) return;
      rest = bytes.subarray(end + END_OF_HEAD.length - begun);
      this.#head = this.#head.slice(0, end);
      this.#length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#head)?.[1] ?? 0);
      this.#left = this.#length;
    }
    if (this.#waiting?.keeps === true) this.#pieces.push(Buffer.from(rest));
    this.#left -= rest.length;
    if (this.#left === 0) this.#finish(at);
  }

  #finish(at: number): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({
      status: Number(this.#head.slice(9, 12)),
      head: this.#head,
      body: waiting.keeps ? Buffer.concat(this.#pieces) : undefined,
      length: this.#length,
      at,
    });
  }
}
