/** A request of the tunnel: RTMP's bytes as bodies of HTTP POST. */
export type TunnelRequest =
  /** Flash asks where else to go; there is nowhere. */
  | { readonly type: "ident" }
  | { readonly type: "open" }
  | {
      /** `send` brings bytes, `idle` asks for some, `close` ends the session. */
      readonly type: "send" | "idle" | "close";
      readonly sessionId: string;
      /** Counts the requests of a session, from 0 on. */
      readonly sequence: number;
    };

const IN_SESSION = /^\/(send|idle|close)\/([A-Za-z0-9]{1,63})\/(\d{1,10})$/;

/**
 * Reads the first line of an HTTP request.
 *
 * @param method and `target` as they stand there
 * @returns undefined where it is none of the tunnel's
 */
export function readTunnelRequest(
  method: string | undefined,
  target: string | undefined,
): TunnelRequest | undefined {
  if (method !== "POST" || target === undefined) return undefined;
  if (target === "/fcs/ident2") return { type: "ident" };
  if (target === "/open/1") return { type: "open" };
  const [, type, sessionId, sequence] = IN_SESSION.exec(target) ?? [];
  if (type !== "send" && type !== "idle" && type !== "close") return undefined;
  if (sessionId === undefined || sequence === undefined) return undefined;
  return { type, sessionId, sequence: Number(sequence) };
}
