import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../live/clock.ts";
import type { RepeatLog } from "../../log.ts";
import { openAnswer } from "../../protocol/rtmpt/answer.ts";
import { readTunnelRequest } from "../../protocol/rtmpt/request.ts";
import type { Places } from "./places.ts";
import { TunnelCarriers } from "./tunnel-carriers.ts";
import { TunnelConnection, type TunnelConnectionLimits } from "./tunnel-connection.ts";
import { answer, HttpTurn, refuse } from "./tunnel-http-turn.ts";
import { type TunnelLimits, TunnelSession, type TunnelTurn } from "./tunnel-session.ts";
import type { TunnelSlot } from "./tunnel-turn.ts";

/** Who opened a session. */
export type TunnelGuest = {
  readonly address: string;
  readonly transport: "rtmpt" | "rtmpts";
  /** ms since 1970 */
  readonly openedAt: number;
};

/** What the tunnel is made of. */
export type TunnelOptions = {
  /** Takes an RTMP client. */
  readonly adopt: (stream: Duplex, guest: TunnelGuest) => void;
  /** Sessions count as the RTMP connections they are. */
  readonly places: Places;
  /** @returns something nobody guesses, 1 to 63 of A-Z a-z 0-9: who knows it is in the session */
  readonly newId: () => string;
  readonly clock: Clock;
  readonly limits: TunnelLimits & TunnelConnectionLimits;
  readonly repeats: RepeatLog;
};

const NO_OTHER_ADDRESS = [404, "There is no other address"] as const;

/** RTMP in HTTP (RTMPT), or in HTTPS (RTMPTS): the server's end. */
export class Tunnel {
  readonly #options: TunnelOptions;
  readonly #sessions = new Map<string, TunnelSession>();
  readonly #carriers = new TunnelCarriers();
  readonly #connections = new Set<TunnelConnection>();
  #isClosed = false;

  constructor(options: TunnelOptions) {
    this.#options = options;
  }

  /**
   * Takes a connection that begins with a request of the tunnel.
   *
   * @param socket with its first bytes still to be read, paused
   * @param onForeign told when an ordinary request comes: the socket is as it was given, and not ours
   */
  carry(socket: Socket, onForeign: () => void): void {
    const { limits, clock } = this.#options;
    const connection = new TunnelConnection(socket, {
      limits,
      now: () => clock.now(),
      onRequest: (type, slot) => {
        if (type === "ident") slot.refuse(...NO_OTHER_ADDRESS);
        else this.#open(socket, slot);
      },
      onTurn: (sessionId, turn) => this.#take(sessionId, turn, socket),
      onForeign: () => {
        socket.off("close", forget);
        forget();
        onForeign();
      },
    });
    const forget = (): void => void this.#connections.delete(connection);
    this.#connections.add(connection);
    socket.once("close", forget);
  }

  /**
   * Answers a request of the tunnel that came to Node's own HTTP: behind an ordinary one on the same
   * connection, or unusually written. @returns false where it is none
   */
  readonly handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    const wanted = readTunnelRequest(request.method, request.url);
    if (wanted === undefined) return false;
    const { socket } = request;
    const { limits } = this.#options;
    if (wanted.type === "ident") {
      refuse(response, ...NO_OTHER_ADDRESS);
    } else if (wanted.type === "open") {
      this.#open(socket, {
        answer: (body) => answer(response, body, limits.silence),
        refuse: (status, reason) => refuse(response, status, reason),
      });
    } else {
      const turn = new HttpTurn(request, response, wanted, limits);
      this.#take(wanted.sessionId, turn, socket);
    }
    return true;
  };

  /** Opens no more sessions; those that are there are for others to end. */
  close(): void {
    this.#isClosed = true;
  }

  /** Ends the connections, or only those that owe nobody an answer. */
  closeConnections(which: "idle" | "all"): void {
    for (const connection of this.#connections) {
      if (which === "all" || connection.isIdle) connection.close();
    }
  }

  #take(sessionId: string, turn: TunnelTurn, socket: Socket): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) {
      turn.refuse(404, "There is no such session");
      return;
    }
    this.#carriers.note(session, socket);
    session.handle(turn);
  }

  #open(socket: Socket, slot: TunnelSlot): void {
    const { places, newId, clock, limits, repeats, adopt } = this.#options;
    const address = socket.remoteAddress ?? "";
    const leave = this.#isClosed ? undefined : places.take(address);
    if (leave === undefined) {
      if (!this.#isClosed) {
        repeats.warn("RTMPT_SESSIONS", "RTMPT session refused: too many", { address });
      }
      slot.refuse(503, "There is no place for another session");
      return;
    }
    const id = newId();
    const session = new TunnelSession({
      clock,
      limits,
      onWrong: (code, message) => repeats.warn(code, `RTMPT: ${message}`, { address }),
    });
    this.#sessions.set(id, session);
    session.once("close", () => {
      this.#sessions.delete(id);
      this.#carriers.forget(session);
      leave();
    });
    const transport = "encrypted" in socket ? "rtmpts" : "rtmpt";
    this.#carriers.note(session, socket);
    adopt(session, { address, transport, openedAt: clock.now() });
    slot.answer([openAnswer(id)]);
  }
}
