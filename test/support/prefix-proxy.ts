import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A reverse proxy that puts a server behind a path. */
export type PrefixProxy = {
  /** With a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
};

/**
 * Passes on what comes for `/media/…`, WebSockets too, and answers the rest with 404.
 *
 * @param port of the server behind it
 * @param mayPass who may not is answered with 403
 */
export async function startPrefixProxy(
  port: number,
  mayPass: (url: URL) => boolean = () => true,
): Promise<PrefixProxy> {
  const passOn = ({ method, url = "", headers }: IncomingMessage) =>
    request({ host: "127.0.0.1", port, method, path: url.slice("/media".length), headers });
  const verdict = ({ url = "" }: IncomingMessage): 200 | 403 | 404 => {
    if (!url.startsWith("/media/")) return 404;
    return mayPass(new URL(url, "http://proxy")) ? 200 : 403;
  };
  const server = createServer((asked, response) => {
    const status = verdict(asked);
    if (status !== 200) {
      response.writeHead(status, { "Access-Control-Allow-Origin": "*" }).end();
      return;
    }
    const passed = passOn(asked);
    passed.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    asked.pipe(passed);
  });
  server.on("upgrade", (asked, socket) => {
    socket.on("error", () => socket.destroy());
    if (verdict(asked) !== 200) {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    const passed = passOn(asked);
    passed.on("upgrade", ({ rawHeaders }, behind, head) => {
      const lines = ["HTTP/1.1 101 Switching Protocols"];
      for (let index = 0; index < rawHeaders.length; index += 2) {
        lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
      }
      socket.write(`${lines.join("\r\n")}\r\n\r\n`);
      socket.write(head);
      behind.on("error", () => socket.destroy());
      behind.pipe(socket).pipe(behind);
    });
    passed.on("error", () => socket.destroy());
    passed.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/media/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
