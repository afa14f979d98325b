import type { RequestListener } from "node:http";
import type { Log } from "../../log.ts";

/** The ports where web requests are at home. */
export type WebPorts = { readonly http: number; readonly https?: number | undefined };

/** Answers an ordinary web request that came to a port for RTMP: it is told the right one. */
export function answerAstray(ports: () => WebPorts, log: Log): RequestListener {
  return (request, response) => {
    const { remoteAddress: address } = request.socket;
    log.debug("a web request on the RTMP port", { code: "RTMP_PORT_HTTP", address });
    const { http, https } = ports();
    const where =
      https === undefined ? `port ${http}` : `port ${http}, with HTTPS on port ${https}`;
    const body = `This is a port for RTMP. Pages, API and streams are on ${where}.\n`;
    response.shouldKeepAlive = false;
    response.writeHead(404, {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Length": Buffer.byteLength(body),
    });
    response.end(body);
  };
}
