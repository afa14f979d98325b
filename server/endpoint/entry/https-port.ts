import { createServer, type Server } from "node:net";
import type { HttpPort } from "./http-port.ts";
import type { Http2Front } from "./http2-front.ts";
import type { TlsTerminator } from "./tls.ts";

/** What is spoken on the HTTPS port (RFC 7301), as it is offered. */
export const HTTPS_PROTOCOLS: readonly string[] = ["h2", "http/1.1"];

/** The HTTPS port: everything of the HTTP port behind TLS, over HTTP/2 too. It listens when it is told to. */
export function createHttpsPort(
  http: Pick<HttpPort, "admit" | "take">,
  http2: Pick<Http2Front, "take">,
  tls: TlsTerminator,
): Server {
  return createServer({ noDelay: true }, (raw) => {
    raw.on("error", () => {}); // until TLS is through, nobody else listens
    if (!http.admit(raw)) return;
    tls.accept(raw, (socket) => {
      if (socket.alpnProtocol === "h2") http2.take(socket);
      else http.take(socket, "http");
    });
  });
}
