// Serves these pages from an origin of their own, as a web site has that embeds a player of another one.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const PORT = 3000;
const server = new URL(process.argv[2] ?? "http://localhost:8080/");
const webSocket = server.origin.replace(/^http/, "ws");

/** All that a page has to allow: see docs/embed.md. */
const POLICY = [
  "default-src 'none'",
  `script-src 'self' ${server.origin}`,
  `connect-src ${server.origin} ${webSocket}`,
  "media-src blob:",
  `worker-src blob: ${server.origin}`,
  `img-src 'self' ${server.origin}`,
  "style-src 'self'",
  `frame-src ${server.origin}`,
].join("; ");

const TYPES = { html: "text/html", js: "text/javascript", css: "text/css" };

createServer(async (request, response) => {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  const name = path === "/" ? "index.html" : path.slice(1);
  const type = TYPES[name.split(".").at(-1) ?? ""];
  if (!/^[a-z-]+\.(html|js|css)$/.test(name)) {
    response.writeHead(404).end();
    return;
  }
  try {
    const text = await readFile(new URL(name, import.meta.url), "utf8");
    response.writeHead(200, { "Content-Type": type, "Content-Security-Policy": POLICY });
    response.end(text.replaceAll("http://localhost:8080/", server.href));
  } catch {
    response.writeHead(404).end();
  }
}).listen(PORT, "127.0.0.1", () => {
  console.log(`http://localhost:${PORT}/ shows players of ${server.href}`);
});
