import { join } from "node:path";
import express from "express";
import type { Log } from "../../log.ts";
import { baseOf, PAGE_HEADERS, Page } from "./page.ts";
import { streamPages } from "./stream-pages.ts";

/** What the web side is put together from. */
export type AppParts = {
  /** Pages. */
  readonly publicDir: string;
  /** What answers under `/streams`, in order; each passes on what is not its own. */
  readonly outputs: readonly ((
    request: express.Request,
    response: express.Response,
    next: express.NextFunction,
  ) => void)[];
  /** What answers under `/api/v1`. */
  readonly api: express.Router;
  /** Who may show `/embed` in a frame: `*`, `none`, or origins, `self` among them. */
  readonly embedOrigins: readonly string[];
  /** All listeners are up, and the server is not about to go. */
  readonly isReady: () => boolean;
  readonly log: Log;
};

/** Pages, API and outputs without end as one Express app. */
export function createApp(parts: AppParts): express.Express {
  const { publicDir, log } = parts;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag"); // pages and files bring their own
  app.set("query parser", false);
  app.use((_request, response, next) => {
    response.set({ "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer" });
    next();
  });

  app.get("/healthz", (_request, response) => sendText(response, 200, "ok"));
  app.get("/readyz", (_request, response) => {
    const ready = parts.isReady();
    sendText(response, ready ? 200 : 503, ready ? "ready" : "not ready");
  });
  for (const output of parts.outputs) app.use(output);
  app.use("/streams", (request, response) => {
    const isWebSocket = /\/ws(\?|$)/.test(request.url);
    if (isWebSocket) response.set({ Upgrade: "websocket", Connection: "Upgrade" });
    const text = isWebSocket ? "This address speaks WebSocket only" : "There is nothing here";
    sendText(response, isWebSocket ? 426 : 404, text);
  });
  app.use("/api/v1", parts.api);

  const wall = new Page(join(publicDir, "index.html"));
  const recordings = new Page(join(publicDir, "recordings.html"));
  app.get("/", (request, response) => wall.send(request, response));
  app.get("/recordings", (request, response, next) => {
    // Behind a slash its links would lead elsewhere.
    return request.path.endsWith("/") ? next() : recordings.send(request, response);
  });
  app.use(streamPages({ publicDir, embedOrigins: parts.embedOrigins }));

  app.use((request, response) => {
    fail(request, response, 404, "NOT_FOUND", "There is nothing at this address");
  });
  app.use(((error: unknown, request, response, _next) => {
    const status = statusOf(error);
    if (status >= 500) log.error("a web request failed", { error, path: request.path });
    if (response.headersSent) response.destroy();
    else if (status >= 500) fail(request, response, 500, "INTERNAL", "Something went wrong here");
    else fail(request, response, status, "BAD_REQUEST", "This address cannot be read");
  }) satisfies express.ErrorRequestHandler);
  return app;
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}

function sendText(response: express.Response, status: number, text: string): void {
  response.status(status).set("Cache-Control", "no-store").type("text/plain").send(`${text}\n`);
}

function fail(
  request: express.Request,
  response: express.Response,
  status: number,
  code: string,
  message: string,
): void {
  response.status(status).set("Cache-Control", "no-store");
  if (/^\/api(\/|$)/.test(request.path)) {
    response.json({ error: { code, message } });
    return;
  }
  response.set({ ...PAGE_HEADERS, "Cache-Control": "no-store" });
  const title = `${status}: ${message}`;
  response.send(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>${title}</title>
<h1>${title}</h1>
<p><a href="${baseOf(request.url)}">All live streams</a></p>
</html>
`);
}
