// The server inside an Express app: the app decides who may watch, and has pages of its own.
//
//   node examples/express.js, then publish to rtmp://localhost/live/demo, then http://localhost:3000/
//
// The player's server has ports of its own; a proxy in front may put both under one name.
import { randomBytes } from "node:crypto";
import express from "express";
import { createSluice } from "sluice";

/** Tickets that were given out, by stream; a real site keeps them with its sessions, and lets them expire. */
const tickets = new Map();

const sluice = createSluice(
  { rtmpPort: 1935, httpPort: 8080, dataDir: "./data", embedOrigins: ["http://localhost:3000"] },
  { mayPlay: ({ streamPath, query }) => tickets.get(query.token) === streamPath },
);
sluice.on("publish", ({ streamPath }) => console.log(`${streamPath} is on air`));
await sluice.start();

const app = express();
app.get("/", (_request, response) => {
  const ticket = randomBytes(18).toString("base64url");
  tickets.set(ticket, "live/demo");
  response.send(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Members only</title>
<script type="module" src="http://localhost:8080/player.js"></script>
<sluice-player src="http://localhost:8080/streams/live/demo" token="${ticket}" autoplay="muted" controls></sluice-player>
</html>`);
});
app.listen(3000, () => console.log("http://localhost:3000/"));
process.once("SIGINT", () => sluice.stop().then(() => process.exit()));
