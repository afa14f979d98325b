import { connect, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { rootCertificates, connect as tlsConnect } from "node:tls";
import { isTls, type RelayUrl } from "./relay-url.ts";
import { openTunnel } from "./tunnel.ts";

/** How the other end of TLS is to be known. */
export type RelayTls = {
  /** Certificates of authorities, PEM: trusted besides the usual ones. */
  readonly ca?: string | undefined;
  /** False takes any certificate: for tests, and for who knows what that means. */
  readonly verify?: boolean | undefined;
};

/** A way to a server: bytes may be written at once, and leave when it stands. */
export type Dial = (url: RelayUrl, tls: RelayTls) => Duplex;

/** Firewalls forget what is silent; a peer that vanished is noticed by this at last. */
const KEEP_ALIVE = 15_000;

/** What `tls.connect` and `https.request` need to know. */
export function tlsOptions(
  { host }: RelayUrl,
  { ca, verify = true }: RelayTls,
): { servername?: string; ca?: string[]; rejectUnauthorized: boolean } {
  return {
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    rejectUnauthorized: verify,
  };
}

/** Over TCP, TLS, or through HTTP, as the scheme says. */
export const dial: Dial = (url, tls) => {
  const { scheme, host, port } = url;
  if (scheme === "rtmpt" || scheme === "rtmpte" || scheme === "rtmpts") {
    return openTunnel(url, isTls(url) ? tlsOptions(url, tls) : undefined);
  }
  const socket = isTls(url)
    ? tlsConnect({ host, port, ...tlsOptions(url, tls) })
    : connect({ host, port });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE);
  return socket;
};
