import { createHmac, randomBytes } from "node:crypto";
import type { Server } from "node:http";
import { join } from "node:path";
import { isDirectLoopback } from "./access/direct-loopback.ts";
import { decidePublish } from "./access/publish-decision.ts";
import { loadPublishKey } from "./access/publish-key.ts";
import { processClock } from "./clock.ts";
import type { Settings } from "./config.ts";
import { newDiffieHellman } from "./diffie-hellman.ts";
import { createApi } from "./endpoint/api/router.ts";
import { createHttpPort } from "./endpoint/entry/http-port.ts";
import { HlsEndpoint } from "./endpoint/hls/handler.ts";
import { createApp } from "./endpoint/http/app.ts";
import type { MayPublish } from "./endpoint/rtmp/connection.ts";
import { RtmpListener } from "./endpoint/rtmp/listener.ts";
import { WebSocketEndpoint } from "./endpoint/ws/endpoint.ts";
import { Registry } from "./live/registry.ts";
import type { Log } from "./log.ts";
import { PACKAGE_ROOT, packageVersion } from "./package-root.ts";
import { LIMITS } from "./protocol/limits.ts";
import { readStreamUrl } from "./stream-url.ts";

/** The ports that were taken. */
export type Ports = { readonly rtmp: number; readonly http: number };

/** A server: RTMP in, browsers out. */
export type Sluice = {
  /** The server-wide publish key: a secret. */
  readonly publishKey: string;
  readonly publishKeyFile: string;
  /** Opens the ports. @throws ListenError that names the setting, where one cannot be had */
  start(): Promise<Ports>;
  /** Takes nobody new, ends what goes on in order, closes the ports. */
  stop(): Promise<void>;
};

type ListenAddress = { readonly port: number; readonly host: string | undefined };

const HOST_ERRORS = ["EADDRNOTAVAIL", "ENOTFOUND", "EINVAL"];
const LISTEN_ERRORS: { readonly [code: string]: string } = {
  EADDRINUSE: "the port is taken",
  EACCES: "this user may not open it",
  EADDRNOTAVAIL: "no address of this machine",
  ENOTFOUND: "no address is known for it",
};

/** A port cannot be had: one line for people. */
export class ListenError extends Error {
  override readonly name = "ListenError";

  constructor(setting: string, { port, host }: ListenAddress, error: unknown) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const isAboutHost = HOST_ERRORS.includes(code) && host !== undefined;
    const what = isAboutHost ? `--host ${host}` : `${setting} ${port}`;
    super(`${what}: cannot listen (${LISTEN_ERRORS[code] ?? code})`);
  }
}

/**
 * Makes a server; nothing is opened before `start`.
 *
 * @throws PublishKeyError where the data directory or the key in it cannot be used
 */
export function createSluice(settings: Settings, { log }: { log: Log }): Sluice {
  const clock = processClock;
  const publishKey = loadPublishKey(settings.dataDir);
  const registry = new Registry(clock, {
    gracePeriod: settings.gracePeriod,
    trackSkew: LIMITS.trackSkew,
    historyTime: LIMITS.historyTime,
    historyBytes: LIMITS.historyBytes,
    liveStreams: LIMITS.liveStreams,
    waitingLiveStreams: LIMITS.waitingLiveStreams,
    publisherYield: LIMITS.publisherYield,
    segmenter: {
      segment: LIMITS.hlsSegment,
      longestSegment: LIMITS.hlsTargetDuration,
      part: LIMITS.hlsPart,
      window: LIMITS.hlsWindow,
      windowBytes: LIMITS.hlsWindowBytes,
    },
  });

  const mayPublish: MayPublish = ({ key, peer }) =>
    decidePublish(
      { key, isDirectLoopback: peer.transport === "rtmp" && isDirectLoopback(peer.address) },
      { publishKey: publishKey.key, open: settings.open, localPublish: settings.localPublish },
    );
  const rtmp = new RtmpListener({
    publications: registry,
    mayPublish,
    crypto: {
      hmac: (key, data) => createHmac("sha256", key).update(data).digest(),
      random: (length) => randomBytes(length),
      diffieHellman: settings.rtmpe ? newDiffieHellman : undefined,
    },
    clock,
    limits: LIMITS,
    log,
    connections: LIMITS.rtmpConnections,
    connectionsPerAddress: LIMITS.rtmpConnectionsPerAddress,
    httpPort: () => ports.http,
  });
  const webSocket = new WebSocketEndpoint({
    hub: registry,
    clock,
    limits: {
      backlog: {
        bytes: LIMITS.viewerBacklog,
        time: LIMITS.viewerBacklogTime,
        soundBytes: LIMITS.viewerSoundBacklog,
        historyTime: LIMITS.viewerSilence,
      },
      silence: LIMITS.viewerSilence,
      messagesPerSecond: LIMITS.viewerMessagesPerSecond,
      notices: LIMITS.viewerNotices,
      dataBacklog: LIMITS.viewerData,
      data: {
        size: LIMITS.wireData,
        perSecond: LIMITS.wireDataPerSecond,
        bytesPerSecond: LIMITS.wireDataBytesPerSecond,
      },
      viewers: LIMITS.viewers,
      viewersPerAddress: LIMITS.viewersPerAddress,
      message: LIMITS.viewerMessage,
    },
    batching: { receivers: LIMITS.soundBatchViewers, time: LIMITS.soundBatchTime },
    log,
  });
  const hls = new HlsEndpoint({
    hub: registry,
    clock,
    limits: {
      targetDuration: LIMITS.hlsTargetDuration,
      listed: LIMITS.hlsListed,
      viewers: LIMITS.viewers,
      viewerTime: LIMITS.hlsViewerTime,
      heldRequests: LIMITS.hlsHeldRequests,
      heldPerConnection: LIMITS.hlsHeldPerConnection,
      holdTime: LIMITS.hlsHoldTime,
      silence: LIMITS.httpSilence,
      responseTime: LIMITS.httpResponseTime,
    },
  });

  const ports = { rtmp: settings.rtmpPort, http: settings.httpPort };
  let isReady = false;
  const api = createApi({
    liveStreams: () => registry.list(),
    viewers: {
      webSocket: (streamPath) => webSocket.viewers(streamPath),
      hls: (streamPath) => hls.viewers(streamPath),
    },
    clock,
    limits: { clients: LIMITS.eventClients, silence: LIMITS.httpSilence },
    version: packageVersion(),
    publish: () =>
      settings.localPublish ? { key: publishKey.key, rtmpPort: ports.rtmp } : undefined,
  });
  const app = createApp({
    publicDir: join(PACKAGE_ROOT, "public"),
    hls: hls.handle,
    api: api.router,
    isReady: () => isReady,
    log,
  });
  const http = createHttpPort(app, (request, socket, head) => {
    const url = readStreamUrl(request.url ?? "");
    if (url?.resource !== "ws") return false;
    webSocket.upgrade(request, socket, head, url.streamPath);
    return true;
  });

  return {
    publishKey: publishKey.key,
    publishKeyFile: publishKey.file,
    start: async () => {
      const { host } = settings;
      try {
        ports.rtmp = await rtmp.listen(settings.rtmpPort, host);
      } catch (error) {
        throw new ListenError("--rtmp-port", { port: settings.rtmpPort, host }, error);
      }
      try {
        ports.http = await listen(http, settings.httpPort, host);
      } catch (error) {
        await rtmp.close();
        throw new ListenError("--http-port", { port: settings.httpPort, host }, error);
      }
      isReady = true;
      return { ...ports };
    },
    stop: async () => {
      isReady = false;
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      webSocket.close();
      hls.close();
      api.close();
      await rtmp.close();
      http.closeIdleConnections();
      const cancel = clock.after(LIMITS.closeTime, () => http.closeAllConnections());
      await closed;
      cancel();
      registry.close();
    },
  };
}

function listen(server: Server, port: number, host: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
