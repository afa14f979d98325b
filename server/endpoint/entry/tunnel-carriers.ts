import type { Socket } from "node:net";
import type { TunnelSession } from "./tunnel-session.ts";

/**
 * Which connections carry which sessions of the tunnel. A proxy's connection may carry many, and a
 * session may use several.
 */
export class TunnelCarriers {
  readonly #sockets = new WeakMap<TunnelSession, Set<Socket>>();
  readonly #sessions = new WeakMap<Socket, Set<TunnelSession>>();

  /** A request of this session came here. The session is told when nothing carries it any more. */
  note(session: TunnelSession, socket: Socket): void {
    const sockets = this.#sockets.get(session) ?? new Set();
    if (sockets.has(socket) || socket.destroyed) return;
    this.#sockets.set(session, sockets.add(socket));
    const sessions = this.#sessions.get(socket) ?? this.#follow(socket);
    sessions.add(session);
  }

  /** This session is over. */
  forget(session: TunnelSession): void {
    for (const socket of this.#sockets.get(session) ?? []) {
      this.#sessions.get(socket)?.delete(session);
    }
    this.#sockets.delete(session);
  }

  #follow(socket: Socket): Set<TunnelSession> {
    const sessions = new Set<TunnelSession>();
    this.#sessions.set(socket, sessions);
    socket.once("close", () => {
      for (const session of sessions) {
        const sockets = this.#sockets.get(session);
        sockets?.delete(socket);
        if (sockets?.size === 0) session.abandon();
      }
    });
    return sessions;
  }
}
