import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { TunnelClient } from "./tunnel-client.ts";

/** All ways in which RTMP travels. */
export const SCHEMES = ["rtmp", "rtmps", "rtmpt", "rtmpts", "rtmpe", "rtmpte"] as const;
export type Scheme = (typeof SCHEMES)[number];

/** An RTMP URL in its parts; the last part of its path is the name, query included. */
export type RtmpUrl = {
  readonly scheme: Scheme;
  readonly host: string;
  readonly port: number;
  readonly app: string;
  readonly streamName: string;
  /** Without the name. */
  readonly tcUrl: string;
};

const DEFAULT_PORTS: { readonly [scheme in Scheme]: number } = {
  ...{ rtmp: 1935, rtmps: 443, rtmpt: 80, rtmpts: 443, rtmpe: 1935, rtmpte: 80 },
};

/** @param url `rtmpt://HOST:PORT/APP/NAME?key=…` */
export function readRtmpUrl(url: string): RtmpUrl {
  const scheme = SCHEMES.find((candidate) => url.startsWith(`${candidate}:`));
  if (scheme === undefined) throw new Error(`Cannot read ${url}`);
  const { hostname, host, port, pathname, search } = new URL(url.replace(scheme, "http"));
  const parts = pathname.slice(1).split("/");
  const name = parts.pop() ?? "";
  const app = parts.join("/");
  return {
    scheme,
    host: hostname,
    port: Number(port) || DEFAULT_PORTS[scheme],
    app,
    streamName: `${name}${search}`,
    tcUrl: `${scheme}://${host}/${app}`,
  };
}

/** Whether the session itself is encrypted. */
export const isEncrypted = ({ scheme }: RtmpUrl): boolean =>
  scheme === "rtmpe" || scheme === "rtmpte";

/**
 * Opens the stream on which RTMP's bytes travel. Certificates are not checked.
 *
 * @param piecesPerRequest see `TunnelOptions`
 */
export function openTransport({ scheme, host, port }: RtmpUrl, piecesPerRequest = 1): Duplex {
  switch (scheme) {
    case "rtmp":
    case "rtmpe":
      return connectTcp({ host, port, noDelay: true });
    case "rtmps": {
      const socket = connectTls({ host, port, rejectUnauthorized: false });
      socket.setNoDelay(true);
      return socket;
    }
    case "rtmpt":
    case "rtmpte":
      return new TunnelClient({ host, port, piecesPerRequest });
    case "rtmpts":
      return new TunnelClient({ host, port, piecesPerRequest, tls: true });
  }
}
