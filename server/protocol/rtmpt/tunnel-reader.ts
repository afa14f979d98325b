import { type Bytes, concat, NO_BYTES } from "../bytes/bytes.ts";
import { readTunnelRequest, type TunnelRequest } from "./request.ts";

/** What a request of the tunnel begins with. */
export type TunnelHead = {
  readonly request: TunnelRequest;
  /** Bytes of its body. */
  readonly length: number;
  /** The client wants the connection to end with the answer. */
  readonly isLast: boolean;
};

/** Between head and body: an empty line (RFC 9112 §2.1). */
const [CR, LF] = [0x0d, 0x0a];

const REQUEST_LINE = /^([A-Z]+) (\S+) HTTP\/1\.1$/;
const HEADER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/;
/** What asks for more than a body of known length. */
const UNUSUAL: readonly string[] = ["transfer-encoding", "expect", "upgrade"];

/** Whether a connection that begins with these bytes begins with a request of the tunnel. */
export const beginsTunnel = (bytes: Bytes): boolean =>
  /^POST \/(open\/1|fcs\/ident2|(send|idle|close)\/)/.test(
    String.fromCharCode(...bytes.subarray(0, LONGEST_BEGINNING)),
  );
const LONGEST_BEGINNING = 20;

/**
 * Reads requests of the tunnel one after the other, as FFmpeg, librtmp and Flash write them: a head
 * and a body of known length. Whatever else comes is left for a whole HTTP parser.
 */
export class TunnelReader {
  readonly #maxHead: number;
  readonly #decoder = new TextDecoder("latin1");
  #unread: Bytes = NO_BYTES;
  #bodyLeft = 0;

  /** @param maxHead bytes of a head that are waited for */
  constructor(maxHead: number) {
    this.#maxHead = maxHead;
  }

  /** Bytes of the present body that have not been read. */
  get bodyLeft(): number {
    return this.#bodyLeft;
  }

  /** What has come and was not read: the head of a foreign request first. */
  get unread(): Bytes {
    return this.#unread;
  }

  /** Takes the next bytes of the connection, cut anywhere. They are kept as they are. */
  push(bytes: Bytes): void {
    this.#unread = this.#unread.length === 0 ? bytes : concat(this.#unread, bytes);
  }

  /**
   * The head of the next request; its body comes before another one.
   *
   * @returns undefined where it is not complete; `foreign` where it is none of the tunnel, or not
   *   written as usual: then it is still unread
   */
  head(): TunnelHead | "foreign" | undefined {
    const end = endOfHead(this.#unread);
    if (end === undefined) return this.#unread.length < this.#maxHead ? undefined : "foreign";
    if (end > this.#maxHead) return "foreign";
    const head = readHead(this.#decoder.decode(this.#unread.subarray(0, end - 4)));
    if (head === undefined) return "foreign";
    this.#unread = this.#unread.subarray(end);
    this.#bodyLeft = head.length;
    return head;
  }

  /** What has come of the present body since, as a view; undefined where nothing has. */
  body(): Bytes | undefined {
    if (this.#bodyLeft === 0 || this.#unread.length === 0) return undefined;
    const bytes = this.#unread.subarray(0, this.#bodyLeft);
    this.#unread = this.#unread.subarray(bytes.length);
    this.#bodyLeft -= bytes.length;
    return bytes;
  }
}

/** Where the bytes behind the head begin. */
function endOfHead(bytes: Bytes): number | undefined {
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return at + 4;
  }
  return undefined;
}

function readHead(text: string): TunnelHead | undefined {
  const [requestLine = "", ...lines] = text.split("\r\n");
  const [, method, target] = REQUEST_LINE.exec(requestLine) ?? [];
  const request = readTunnelRequest(method, target);
  if (request === undefined) return undefined;
  let length: number | undefined;
  let isLast = false;
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const lowerName = name.toLowerCase();
    if (UNUSUAL.includes(lowerName)) return undefined;
    if (lowerName === "content-length") {
      if (length !== undefined || !/^\d{1,10}$/.test(value)) return undefined;
      length = Number(value);
    } else if (lowerName === "connection") {
      isLast = /\bclose\b/i.test(value);
    }
  }
  return length === undefined ? undefined : { request, length, isLast };
}
