import { createServer, type Server } from "node:net";
import type { HttpPort } from "./http-port.ts";
import type { TlsTerminator } from "./tls.ts";

/** The HTTPS port: everything of the HTTP port behind TLS. It listens when it is told to. */
export function createHttpsPort(
  http: Pick<HttpPort, "admit" | "take">,
  tls: TlsTerminator,
): Server {
  return createServer({ noDelay: true }, (raw) => {
    raw.on("error", () => {}); // until TLS is through, nobody else listens
    if (http.admit(raw)) tls.accept(raw, (socket) => http.take(socket, "http"));
  });
}
