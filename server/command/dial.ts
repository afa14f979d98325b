import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Where to, and whether behind TLS (its certificate is checked). */
export type Dialled = { readonly tls: boolean; readonly host: string; readonly port: number };

/** Begins a connection to a server; errors come as the socket's. */
export function dial({ tls, host, port }: Dialled): Socket {
  if (!tls) return connectTcp({ host, port, noDelay: true, allowHalfOpen: true });
  const socket = connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }) });
  socket.setNoDelay(true);
  return socket;
}
