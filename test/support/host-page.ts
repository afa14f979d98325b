import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A web site of somebody else, who embeds a player. */
export type HostPage = {
  readonly url: string;
  close(): Promise<void>;
};

/**
 * Serves one page, on a port (so: from an origin) of its own.
 *
 * @param body of the HTML
 * @param policy its `Content-Security-Policy`
 */
export async function startHostPage(body: string, policy: string): Promise<HostPage> {
  const server: Server = createServer((_request, response) => {
    response.writeHead(200, {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy,
    });
    response.end(`<!doctype html><title>Somebody's page</title>${body}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
