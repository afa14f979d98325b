import express from "express";
import { isDirectLoopback, isLoopbackHost, isSameOrigin } from "../../access/direct-loopback.ts";
import { BASE_HEADERS, publicBase } from "../../access/public-base.ts";
import type { Clock } from "../../live/clock.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import type { StreamList } from "../../protocol/wire/stream-list.ts";
import { EventFeed, type EventLimits } from "./events.ts";
import { listedStreamHealth } from "./health.ts";
import { answerOEmbed } from "./oembed.ts";
import { openApiDescription } from "./openapi.ts";
import { type RequestReconnect, reconnectRoute } from "./reconnect.ts";
import { type RecordingControl, recordingRoutes } from "./recordings.ts";
import { type RelayControl, relayRoutes } from "./relays.ts";
import {
  countViewers,
  type ListedLiveStream,
  listStreams,
  type ViewerCounts,
} from "./stream-list.ts";

/** What the API is made of. */
export type ApiParts = {
  readonly liveStreams: () => readonly (ListedLiveStream & Pick<LiveStream, "healthHistory">)[];
  readonly viewers: ViewerCounts;
  readonly clock: Clock;
  readonly limits: EventLimits;
  /** Of this package, for the description. */
  readonly version: string;
  /** Where broadcasts are taken. */
  readonly rtmp: () => NonNullable<StreamList["rtmp"]>;
  /** The secret and the port it opens, or undefined where nobody is to be shown them. */
  readonly publish: () => { readonly key: string; readonly rtmpPort: number } | undefined;
  /** Whether who seems to be at this machine is: not where a proxy is in front. */
  readonly trustsLocal: boolean;
  readonly requestReconnect: RequestReconnect;
  readonly relays: RelayControl;
  readonly recordings: RecordingControl;
  /** The recording that is being made of a stream. */
  readonly recordingOf: (streamPath: string) => string | undefined;
  /** Whether this one may watch what was recorded of a stream. */
  readonly mayWatch: (request: express.Request, streamPath: string) => boolean;
};

/** The API under `/api/v1`, and what ends it. */
export type Api = { readonly router: express.Router; close(): void };

/** Who asks: anybody, or somebody at this machine. */
type Audience = "public" | "local";

/** What a newcomer is proposed to publish as. */
const PROPOSED_APP = "live";
const PROPOSED_NAME = "demo";

/** How well one stream comes. */
const HEALTH = "/streams/*path/health";

const PATHS = ["/streams", HEALTH, "/events", "/openapi.json", "/oembed"];

/**
 * What is asked for is answered to everybody, on every page; what changes something is done, and
 * the publish key and the relays shown, for nobody but who is at this machine, on our own page.
 */
export function createApi(parts: ApiParts): Api {
  const { clock, limits, viewers } = parts;
  const render = (audience: Audience): string => {
    const { recordingOf } = parts;
    const streams = listStreams(parts.liveStreams(), viewers, clock.now(), recordingOf);
    const list = { ...streams, rtmp: parts.rtmp() };
    const publish = audience === "local" ? parts.publish() : undefined;
    if (publish === undefined) return JSON.stringify(list);
    return JSON.stringify({
      ...list,
      publish: {
        server: `rtmp://localhost:${publish.rtmpPort}/${PROPOSED_APP}`,
        streamKey: `${PROPOSED_NAME}?key=${publish.key}`,
      },
    });
  };
  const feed = new EventFeed<Audience>("streams", render, { clock, limits });
  const description = JSON.stringify(openApiDescription(parts.version));

  const listening = new WeakSet<object>();

  const router = express.Router();
  router.get("/streams", (request, response) => {
    const audience = audienceOf(request);
    response.set(headersFor(audience)).type("json").send(render(audience));
  });
  router.get(HEALTH, (request, response) => {
    const { path } = request.params;
    const streamPath = Array.isArray(path) ? path.join("/") : (path ?? "");
    const found = parts.liveStreams().find((liveStream) => liveStream.streamPath === streamPath);
    const { health, healthHistory } = found ?? {};
    response.set(headersFor(audienceOf(request)));
    if (health === undefined || healthHistory === undefined) {
      sendError(response, 404, "NOT_FOUND", "Nobody publishes this stream");
      return;
    }
    const { total } = countViewers(streamPath, viewers);
    response.json(listedStreamHealth(streamPath, health, healthHistory, total));
  });
  router.get("/events", (request, response) => {
    const audience = audienceOf(request);
    if (request.method === "HEAD") {
      response.set(headersFor(audience)).type("text/event-stream").end();
      return;
    }
    // A connection has one place, however many requests it sends ahead.
    const { socket } = request;
    const isFirst = !listening.has(socket);
    if (isFirst && feed.add(response, audience, headersFor(audience))) {
      listening.add(socket);
      response.on("close", () => listening.delete(socket));
      return;
    }
    response.set("Retry-After", "5");
    sendError(response, 503, "TOO_MANY_LISTENERS", "Too many listen to events already");
  });
  router.get("/openapi.json", (_request, response) => {
    response.set(headersFor("public")).type("json").send(description);
  });
  router.get("/oembed", (request, response) => {
    const answer = answerOEmbed(new URLSearchParams(request.url.split("?").slice(1).join("?")), {
      base: publicBase(request),
      mayWatch: (streamPath) => parts.mayWatch(request, streamPath),
      sizeOf: (streamPath) => pictureSize(parts.liveStreams(), streamPath),
    });
    response.set({ "Access-Control-Allow-Origin": "*", Vary: BASE_HEADERS });
    if ("code" in answer) sendError(response, answer.status, answer.code, answer.message);
    else response.set("Cache-Control", "no-cache").json(answer);
  });
  router.use(
    reconnectRoute({
      request: parts.requestReconnect,
      isLocal: (request) => parts.trustsLocal && audienceOf(request) === "local",
      fail: sendError,
    }),
  );
  router.use(
    "/relays",
    relayRoutes({
      relays: parts.relays,
      isLocal: (request) => parts.trustsLocal && audienceOf(request) === "local",
      fail: sendError,
    }),
  );
  router.use(
    "/recordings",
    recordingRoutes({
      recordings: parts.recordings,
      mayWatch: parts.mayWatch,
      isLocal: (request) => parts.trustsLocal && audienceOf(request) === "local",
      fail: sendError,
    }),
  );
  router.all(PATHS, (_request, response) => {
    response.set("Allow", "GET, HEAD");
    sendError(response, 405, "METHOD_NOT_ALLOWED", "Only GET and HEAD are answered here");
  });
  router.use((_request, response) => {
    sendError(response, 404, "NOT_FOUND", "There is nothing here; see openapi.json");
  });
  return { router, close: () => feed.close() };
}

/** Of the first picture that a broadcast has. */
function pictureSize(
  liveStreams: readonly ListedLiveStream[],
  streamPath: string,
): { readonly width: number; readonly height: number } | undefined {
  const found = liveStreams.find((one) => one.streamPath === streamPath);
  for (const { track } of found?.status() ?? []) {
    const { track: picture } = track;
    if (picture.mediaType !== "video") continue;
    if (picture.width > 0 && picture.height > 0) return picture;
  }
  return undefined;
}

/** Answers with an error in the API's form. */
export function sendError(
  response: express.Response,
  status: number,
  code: string,
  message: string,
): void {
  response.status(status).set("Cache-Control", "no-store").json({ error: { code, message } });
}

function audienceOf({
  socket,
  headers,
  httpVersionMajor,
  httpVersionMinor,
}: express.Request): Audience {
  // Browsers speak 1.1 at least; proxies that say nothing of themselves often speak 1.0.
  if (httpVersionMajor === 1 && httpVersionMinor === 0) return "public";
  const isHere = isDirectLoopback(socket.remoteAddress, headers) && isLoopbackHost(headers.host);
  return isHere && isSameOrigin(headers) ? "local" : "public";
}

const headersFor = (audience: Audience): Record<string, string> => ({
  "Cache-Control": "no-store",
  // A page from elsewhere may read the list, but not what only this machine is shown.
  ...(audience === "public" ? { "Access-Control-Allow-Origin": "*" } : {}),
});
