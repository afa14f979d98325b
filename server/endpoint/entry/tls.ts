import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type SecureVersion, type Server, type TLSSocket } from "node:tls";
import type { Clock } from "../../live/clock.ts";
import type { RepeatLog } from "../../log.ts";
import type { Certificate } from "./certificate.ts";

/** What is spoken inside: each has its own bounds of what TLS may be. */
export type TlsSpeech = {
  readonly maxVersion: SecureVersion;
  /** Application protocols to agree on (RFC 7301); undefined: none is asked for. */
  readonly alpn: readonly string[] | undefined;
};

/** What TLS is ended with. */
export type TlsOptions = TlsSpeech & {
  readonly certificate: Certificate;
  readonly clock: Clock;
  /** A handshake that takes longer is ended, ms. */
  readonly handshakeTime: number;
  readonly repeats: RepeatLog;
};

/** Of TLS 1.2 what has forward secrecy and AEAD, nothing else; all suites of TLS 1.3 have both. */
const CIPHERS: string = [
  "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384",
  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384",
].join(":");

type Handshake = { readonly raw: Socket; readonly done: (socket: TLSSocket) => void };

/** Ends TLS on connections that came in elsewhere, with a certificate that may change any time. */
export class TlsTerminator {
  readonly #options: TlsOptions;
  readonly #server: Server;
  /** By the two ends of the connection. */
  readonly #handshakes = new Map<string, Handshake>();

  constructor(options: TlsOptions) {
    const { certificate, maxVersion, alpn, repeats } = options;
    this.#options = options;
    // Each renegotiation costs as much as a new connection, and no place: nobody needs one.
    const secureOptions = constants.SSL_OP_NO_RENEGOTIATION;
    const versions = { minVersion: "TLSv1.2", maxVersion } as const;
    const context = { ...versions, ciphers: CIPHERS, secureOptions };
    // It never listens: connections are given to it.
    this.#server = createServer({
      ...context,
      ...certificate.pair,
      ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    });
    certificate.onChange((pair) => this.#server.setSecureContext({ ...context, ...pair }));
    this.#server.on("secureConnection", (socket) => {
      const handshake = this.#handshakes.get(endsOf(socket));
      if (handshake === undefined) socket.destroy();
      else handshake.done(socket);
    });
    this.#server.on("tlsClientError", (error, socket) => {
      const { remoteAddress: address } = socket;
      const code = "code" in error ? String(error.code) : error.message;
      // Somebody who only looked whether the port is open is nobody's business.
      if (code !== "ECONNRESET") {
        repeats.warn("TLS_HANDSHAKE", `TLS handshake failed: ${reasonOf(code)}`, { address });
      }
      socket.destroy();
    });
  }

  /**
   * @param raw a connection on which TLS begins; nothing of it has been read, or what was lies in
   *   its own buffer again
   * @param onSecure called when the handshake is through; where it fails, `raw` is just closed
   */
  accept(raw: Socket, onSecure: (socket: TLSSocket) => void): void {
    const { clock, handshakeTime, repeats } = this.#options;
    const ends = endsOf(raw);
    const address = raw.remoteAddress;
    const cancel = clock.after(handshakeTime, () => {
      const message = `connection ended: its TLS handshake took longer than ${handshakeTime} ms`;
      repeats.warn("TLS_HANDSHAKE_TIME", message, { address });
      raw.destroy();
    });
    const forget = (): void => {
      cancel();
      this.#handshakes.delete(ends);
    };
    raw.once("close", forget);
    this.#handshakes.set(ends, {
      raw,
      done: (socket) => {
        raw.off("close", forget);
        forget();
        onSecure(socket);
      },
    });
    this.#server.emit("connection", raw);
  }

  /** Ends every handshake that is not through. */
  close(): void {
    for (const { raw } of this.#handshakes.values()) raw.destroy();
  }
}

/** Tells a connection from every other of this machine: Node does not say which one a TLS socket is of. */
const endsOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  [remoteAddress, remotePort, localAddress, localPort].join(" ");

const REASONS: { readonly [code: string]: string } = {
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "the client does not trust the certificate (unknown issuer)",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "the client does not trust the certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "the client does not trust the certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "the certificate has expired",
  ERR_SSL_NO_SHARED_CIPHER: "the client knows none of the cipher suites that are allowed here",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "the client knows no TLS version that is allowed here",
  ERR_SSL_HTTP_REQUEST: "the client speaks HTTP without TLS",
};

/** OpenSSL's word for it, for people where it is known. */
const reasonOf = (code: string): string =>
  REASONS[code] === undefined ? code : `${REASONS[code]} (${code})`;
