/** How an RTMP connection reached us. */
export type Transport = "rtmp" | "rtmps" | "rtmpt" | "rtmpts" | "rtmpe" | "rtmpte";

/** Who is at the other end. */
export type Peer = {
  readonly address: string;
  readonly transport: Transport;
  /** When it connected, ms since 1970: it may have been looked at for a moment. */
  readonly openedAt: number;
};

/** The same peer once it has shown that it encrypts: a transport of its own, but for what TLS hides. */
export function encrypted(peer: Peer): Peer {
  switch (peer.transport) {
    case "rtmp":
      return { ...peer, transport: "rtmpe" };
    case "rtmpt":
      return { ...peer, transport: "rtmpte" };
    default:
      return peer;
  }
}
