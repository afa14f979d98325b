import type { Socket } from "node:net";
import { type TunnelHead, TunnelReader } from "../../protocol/rtmpt/tunnel-reader.ts";
import type { TunnelTurn } from "./tunnel-session.ts";
import { type Content, Slot, type TunnelSlot, Turn } from "./tunnel-turn.ts";

/** What bounds a connection; sizes in bytes, times in ms. */
export type TunnelConnectionLimits = {
  readonly head: number;
  readonly body: number;
  /** Answers that may wait for a client that does not read them. */
  readonly unread: number;
  /** A connection on which nothing moves. */
  readonly idle: number;
};

/** What a connection of the tunnel is made of. */
export type TunnelConnectionOptions = {
  readonly limits: TunnelConnectionLimits;
  /** ms since 1970 */
  readonly now: () => number;
  /** Answers what is asked outside of a session: now. */
  readonly onRequest: (type: "ident" | "open", slot: TunnelSlot) => void;
  /** Takes a turn in a session, or refuses it where there is no such session. */
  readonly onTurn: (sessionId: string, turn: TunnelTurn) => void;
  /** What comes next is an ordinary request: the socket is given away, all of it still to be read. */
  readonly onForeign: () => void;
};

/**
 * A connection that carries requests of the tunnel, read by ourselves. Node's own HTTP stops reading
 * requests when answers are not read, and librtmp's publishers read none, ever: after some minutes the
 * line is full of them, and the broadcast would stand. Here such a client's answers are let go.
 */
export class TunnelConnection {
  readonly #socket: Socket;
  readonly #options: TunnelConnectionOptions;
  readonly #reader: TunnelReader;
  /** Answers that are due, in order. */
  readonly #slots: Slot[] = [];
  /** Whose body is next on the line. */
  #turn: Turn | undefined;
  #isAdvancing = false;
  #isForeign = false;
  /** The second that `Date` says, and what it says. */
  #second = -1;
  #date = "";

  /** @param socket with its first bytes still to be read, paused */
  constructor(socket: Socket, options: TunnelConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#reader = new TunnelReader(options.limits.head);
    socket.setTimeout(options.limits.idle);
    socket.on("timeout", this.#destroy);
    socket.on("error", this.#destroy);
    socket.on("end", this.#ended);
    socket.on("close", this.#lost);
    socket.on("data", this.#receive);
    socket.resume();
  }

  /** Whether it owes nobody an answer. */
  get isIdle(): boolean {
    return this.#slots.length === 0 && this.#turn === undefined;
  }

  close(): void {
    this.#socket.destroy();
  }

  readonly #destroy = (): void => {
    this.#socket.destroy();
  };

  readonly #lost = (): void => {
    const turn = this.#turn;
    this.#turn = undefined;
    turn?.break("its connection closed before its end");
  };

  /** It asks nothing more, and may still read what is due. */
  readonly #ended = (): void => {
    const last = this.#slots.at(-1);
    if (this.#turn !== undefined) this.#socket.destroy();
    else if (last === undefined) this.#socket.end();
    else last.isLast = true;
  };

  readonly #receive = (bytes: Buffer): void => {
    this.#reader.push(bytes);
    this.#advance();
  };

  /** Reads as far as it can be read now; the socket is read no further than that. */
  #advance(): void {
    if (this.#isAdvancing || this.#isForeign || this.#socket.destroyed) return;
    this.#isAdvancing = true;
    while (this.#step());
    this.#isAdvancing = false;
    if (this.#isForeign) return;
    if (this.#turn?.isWaiting === true) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** @returns whether there may be more to do */
  #step(): boolean {
    const turn = this.#turn;
    if (turn !== undefined) {
      if (turn.isWaiting) return false;
      const bytes = this.#reader.body();
      if (bytes !== undefined) turn.take(bytes);
      if (this.#reader.bodyLeft > 0) return bytes !== undefined;
      this.#turn = undefined;
      turn.end();
      return true;
    }
    if (this.#slots.at(-1)?.isLast === true) return false;
    const head = this.#reader.head();
    if (head === undefined) return false;
    if (head === "foreign") this.#giveAway();
    else this.#begin(head);
    return head !== "foreign";
  }

  #begin({ request, length, isLast }: TunnelHead): void {
    const slot = new Slot(isLast, () => this.#flush());
    this.#slots.push(slot);
    const turn = new Turn(request, length, slot, {
      maxBody: this.#options.limits.body,
      isReachable: () => this.#isReachable(),
      advance: () => this.#advance(),
    });
    this.#turn = turn;
    if (request.type === "ident" || request.type === "open") {
      turn.discard();
      this.#options.onRequest(request.type, slot);
    } else {
      this.#options.onTurn(request.sessionId, turn);
    }
  }

  #isReachable(): boolean {
    return !this.#socket.destroyed && this.#socket.writableLength <= this.#options.limits.unread;
  }

  /** Writes the answers whose turn it is. */
  #flush(): void {
    for (let slot = this.#slots[0]; slot?.content !== undefined; slot = this.#slots[0]) {
      this.#slots.shift();
      // Who has left so many unread will not miss one: it took nothing that was meant for him.
      if (this.#isReachable()) this.#write(slot.content, slot.isLast);
      if (slot.isLast) {
        this.#socket.destroySoon();
        return;
      }
    }
    if (this.#isForeign) this.#giveAway();
  }

  #write({ status, contentType, body }: Content, isLast: boolean): void {
    let length = 0;
    for (const piece of body) length += piece.length;
    const head = [
      `HTTP/1.1 ${status}`,
      `Content-Type: ${contentType}`,
      `Content-Length: ${length}`,
      `Connection: ${isLast ? "close" : "Keep-Alive"}`,
      "Cache-Control: no-cache",
      `Date: ${this.#now()}`,
      "\r\n",
    ].join("\r\n");
    // librtmp wants the head and the first byte in its first read: they leave in one write.
    this.#socket.cork();
    this.#socket.write(head, "latin1");
    for (const piece of body) this.#socket.write(piece);
    this.#socket.uncork();
  }

  #now(): string {
    const now = this.#options.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = new Date(now).toUTCString();
    }
    return this.#date;
  }

  /** Once all answers are written, somebody else goes on with what is unread. */
  #giveAway(): void {
    this.#isForeign = true;
    const socket = this.#socket;
    socket.pause();
    if (this.#slots.length > 0 || socket.destroyed) return;
    socket.setTimeout(0);
    socket.off("timeout", this.#destroy);
    socket.off("end", this.#ended);
    socket.off("close", this.#lost);
    socket.off("data", this.#receive);
    socket.unshift(this.#reader.unread);
    this.#options.onForeign();
    socket.off("error", this.#destroy);
  }
}
