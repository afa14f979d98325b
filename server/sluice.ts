import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { isDirectLoopback } from "./access/direct-loopback.ts";
import { decidePublish } from "./access/publish-decision.ts";
import { loadPublishKey } from "./access/publish-key.ts";
import { processClock } from "./clock.ts";
import type { Settings } from "./config/settings.ts";
import { completeSettings } from "./config.ts";
import { newDiffieHellman } from "./diffie-hellman.ts";
import { createApi } from "./endpoint/api/router.ts";
import { Entry, type Ports } from "./endpoint/entry/entry.ts";
import { FLV_RESOURCE, FlvEndpoint } from "./endpoint/flv/endpoint.ts";
import { HlsEndpoint } from "./endpoint/hls/handler.ts";
import { createApp } from "./endpoint/http/app.ts";
import { createAssets } from "./endpoint/http/assets.ts";
import { Mp4Endpoint } from "./endpoint/mp4/endpoint.ts";
import { PosterEndpoint } from "./endpoint/mp4/poster.ts";
import { RecordingsEndpoint } from "./endpoint/recordings/handler.ts";
import { dial } from "./endpoint/relay/dial.ts";
import { RelaySpecError } from "./endpoint/relay/relay-spec.ts";
import { RelayTrails } from "./endpoint/relay/relay-trails.ts";
import { Relays, TooManyRelays } from "./endpoint/relay/relays.ts";
import { BadMessages } from "./endpoint/rtmp/bad-messages.ts";
import { Broadcasts } from "./endpoint/rtmp/broadcasts.ts";
import type { CallHandler } from "./endpoint/rtmp/calls.ts";
import { RtmpConnections } from "./endpoint/rtmp/connections.ts";
import type { MayPublish } from "./endpoint/rtmp/permission.ts";
import { Publishing } from "./endpoint/rtmp/publishing.ts";
import { WebSocketEndpoint } from "./endpoint/ws/endpoint.ts";
import {
  gate,
  type Hooks,
  mayWatch,
  mayWatchStream,
  playRule,
  publishRule,
  refuseUpgrade,
} from "./hooks.ts";
import { Registry } from "./live/registry.ts";
import { type Log, SILENT_LOG } from "./log.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { PACKAGE_ROOT, packageVersion } from "./package-root.ts";
import { readResourceName } from "./protocol/hls/resource-name.ts";
import { LIMITS } from "./protocol/limits.ts";
import { CaptureFolder } from "./store/capture-folder.ts";
import { DvrArchive } from "./store/dvr-archive.ts";
import { DvrFolder } from "./store/dvr-folder.ts";
import { Recorder } from "./store/recorder.ts";
import { RecordingRules } from "./store/recording-rules.ts";
import { Recordings } from "./store/recordings.ts";
import { StreamEventSource, type StreamEvents } from "./stream-events.ts";
import { readStreamUrl } from "./stream-url.ts";

export { PublishKeyError } from "./access/publish-key.ts";
export { type Settings, SettingsError } from "./config/settings.ts";
export { ListenError, type Ports } from "./endpoint/entry/entry.ts";
export { type Call, CallError, type CallHandler } from "./endpoint/rtmp/calls.ts";
export type { PlayQuestion, PublishQuestion } from "./hooks.ts";
export type { Log, LogFields } from "./log.ts";
export type { DataValue } from "./protocol/media/sample.ts";
export type { StreamEvents, StreamTrack } from "./stream-events.ts";

/** What a program may give a server besides its settings. */
export type SluiceOptions = Hooks & {
  /** Where it says what happens; by default nowhere. */
  readonly log?: Log;
  /** Handlers of remote calls, by name: see `handleCall`. */
  readonly calls?: { readonly [name: string]: CallHandler };
};

/** A server: RTMP in, browsers out. */
export type Sluice = {
  /** The server-wide publish key: a secret. */
  readonly publishKey: string;
  readonly publishKeyFile: string;
  /**
   * Opens the ports.
   *
   * @throws ListenError that names the setting, where one cannot be had: none is open then
   */
  start(): Promise<Ports>;
  /**
   * Calls at each event of this name from now on.
   *
   * @returns takes the listener out again
   */
  on<Name extends keyof StreamEvents>(
    name: Name,
    listener: (event: StreamEvents[Name]) => void,
  ): () => void;
  /**
   * Answers remote calls (NetConnection.call) of one name from now on; anybody who reaches the RTMP
   * port can make them. Commands that RTMP itself knows never get here.
   *
   * @returns takes the handler out again
   */
  handleCall(name: string, handler: CallHandler): () => void;
  /** Takes nobody new, ends what goes on in order, closes the ports. */
  stop(): Promise<void>;
};

/**
 * Makes a server; nothing is opened before `start`.
 *
 * @param given what is not set takes the default that the command has
 * @throws SettingsError that names a setting which is unknown or wrong
 * @throws PublishKeyError where the data directory or the key in it cannot be used
 * @throws CertificateError where the certificate or its key cannot be used
 */
export function createSluice(given: Partial<Settings> = {}, options: SluiceOptions = {}): Sluice {
  const settings = completeSettings(given);
  const { log = SILENT_LOG, calls = {} } = options;
  const clock = processClock;
  const publishKey = loadPublishKey(settings.dataDir);
  // RFC 8216bis §6.2.2: three target durations at least are listed, and what left can still be had.
  const listed = Math.max(settings.dvr, 3 * settings.hlsTargetDuration);
  const margin = Math.max(LIMITS.hlsMargin, 3 * settings.hlsTargetDuration);
  const dvrFolder = new DvrFolder(join(settings.dataDir, "dvr"));
  const leftover = dvrFolder.clear();
  if (leftover !== undefined) {
    log.warn(`old files for rewinding cannot be removed: ${leftover}`, { code: "DVR_DISK" });
  }
  const archive =
    listed > LIMITS.hlsMemoryWindow
      ? new DvrArchive({
          disk: dvrFolder,
          limits: {
            disk: settings.dvrDisk,
            unwritten: LIMITS.dvrUnwritten,
            pause: LIMITS.dvrPause,
            silence: LIMITS.dvrSilence,
          },
          clock,
          log,
        })
      : undefined;
  const registry = new Registry(clock, {
    gracePeriod: settings.gracePeriod,
    trackSkew: LIMITS.trackSkew,
    historyTime: LIMITS.historyTime,
    historyBytes: LIMITS.historyBytes,
    liveStreams: LIMITS.liveStreams,
    waitingLiveStreams: LIMITS.waitingLiveStreams,
    publisherYield: LIMITS.publisherYield,
    handover: {
      events: LIMITS.handoverEvents,
      bytes: LIMITS.heldBytes,
      time: LIMITS.handoverTime,
    },
    segmenter: {
      segment: LIMITS.hlsSegment,
      longestSegment: settings.hlsTargetDuration,
      part: settings.hlsPart,
      listed,
      window: listed + margin,
      windowBytes: LIMITS.hlsWindowBytes,
      ...(archive && {
        archive,
        memory: Math.max(LIMITS.dvrMemory, 6 * settings.hlsTargetDuration),
        unstored: LIMITS.hlsMemoryWindow + margin,
        linger: LIMITS.dvrLinger,
      }),
    },
  });

  registry.observe({
    warning: ({ streamPath }, { code, message }) => log.warn(message, { code, streamPath }),
  });
  const events = new StreamEventSource(registry, log);
  const ownRule: MayPublish = ({ key, peer }) =>
    decidePublish(
      { key, isDirectLoopback: peer.transport === "rtmp" && isDirectLoopback(peer.address) },
      { publishKey: publishKey.key, open: settings.open, localPublish: settings.localPublish },
    );
  const captures =
    settings.captureDir === undefined
      ? undefined
      : new CaptureFolder({
          folder: settings.captureDir,
          version: packageVersion(),
          clock,
          limits: LIMITS,
          log,
        });
  const recordings = new Recordings({
    folder: settings.recordDir ?? join(settings.dataDir, "recordings"),
    version: packageVersion(),
    interval: settings.recordInterval,
    keep: settings.recordKeep,
    disk: settings.recordDisk,
    clock,
    limits: LIMITS,
    log,
    onState: ({ id, streamPath, state }, file) => {
      events.recording({ id, streamPath, state, file });
    },
  });
  const recorder = new Recorder({
    registry,
    recordings,
    rules: new RecordingRules(settings.record),
    clock,
    limits: LIMITS,
    log,
  });
  const broadcasts = new Broadcasts(registry, clock);
  const backlog = {
    bytes: LIMITS.viewerBacklog,
    time: LIMITS.viewerBacklogTime,
    soundBytes: LIMITS.viewerSoundBacklog,
    messages: LIMITS.backlogMessages,
    historyTime: LIMITS.viewerSilence,
  };
  const callHandlers = new Map(Object.entries(calls));
  const trails = new RelayTrails(randomBytes(9).toString("base64url"), (relayId, streamPath) =>
    createHash("sha256").update(`${relayId} ${streamPath}`).digest("hex").slice(0, 16),
  );
  const relays = new Relays({
    hub: registry,
    clock,
    log,
    dial,
    tls: { ca: settings.relayTlsCa },
    trails,
    random: nodeCrypto.random,
    encryption: { ...nodeCrypto, diffieHellman: newDiffieHellman },
    chance: () => Math.random(),
    feed: (publication, relayLog) =>
      new Publishing(publication, {
        log: relayLog,
        badMessages: new BadMessages(LIMITS.badMessagesInARow),
      }),
    limits: LIMITS,
  });
  const rtmp = new RtmpConnections({
    callHandlers,
    publications: registry,
    mayPublish: publishRule(ownRule, options, log),
    broadcasts,
    mayPlay: playRule(options, log),
    relays: trails,
    crypto: { ...nodeCrypto, diffieHellman: settings.rtmpe ? newDiffieHellman : undefined },
    capture: captures && ((peer) => captures.begin(peer)),
    clock,
    limits: {
      ...LIMITS,
      play: {
        backlog,
        notices: LIMITS.viewerNotices,
        silence: LIMITS.viewerSilence,
        wait: LIMITS.playerWait,
      },
    },
    log,
  });
  const webSocket = new WebSocketEndpoint({
    hub: registry,
    clock,
    limits: {
      backlog,
      queueTime: LIMITS.viewerQueueTime,
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
  const endless = {
    hub: registry,
    clock,
    limits: {
      backlog,
      silence: LIMITS.viewerSilence,
      notices: LIMITS.viewerNotices,
      viewers: LIMITS.viewers,
      viewersPerAddress: LIMITS.viewersPerAddress,
      viewersPerStream: LIMITS.viewersPerStream,
      publisherWait: LIMITS.publisherWait,
      trackWait: LIMITS.trackWait,
      trackGrace: LIMITS.trackGrace,
      message: LIMITS.viewerMessage,
      messagesPerSecond: LIMITS.viewerMessagesPerSecond,
    },
    log,
  };
  const flv = new FlvEndpoint(endless);
  const mp4 = new Mp4Endpoint({ ...endless, soundTime: LIMITS.soundBatchTime });
  const poster = new PosterEndpoint({
    hub: registry,
    clock,
    limits: { silence: LIMITS.httpSilence, responseTime: LIMITS.httpResponseTime },
  });
  const hls = new HlsEndpoint({
    hub: {
      find: (streamPath) => registry.find(streamPath),
      ask: (streamPath) => relays.ask(streamPath),
    },
    clock,
    limits: {
      targetDuration: settings.hlsTargetDuration,
      viewers: LIMITS.viewers,
      viewerTime: LIMITS.hlsViewerTime,
      heldRequests: LIMITS.hlsHeldRequests,
      heldPerConnection: LIMITS.hlsHeldPerConnection,
      holdTime: LIMITS.hlsHoldTime,
      endedTime: LIMITS.hlsEndedTime,
      endedStreams: LIMITS.hlsEndedStreams,
      silence: LIMITS.httpSilence,
      responseTime: LIMITS.httpResponseTime,
    },
  });

  const recorded = new RecordingsEndpoint({
    recordings,
    mayWatch: (request, streamPath) => mayWatchStream(request, streamPath, "http", options, log),
    segments: { segment: LIMITS.recordSegment / 1000, longest: settings.hlsTargetDuration / 1000 },
    limits: {
      readers: LIMITS.recordReaders,
      read: LIMITS.recordRead,
      silence: LIMITS.httpSilence,
    },
  });

  let isReady = false;
  const api = createApi({
    liveStreams: () => registry.list(),
    viewers: {
      webSocket: (streamPath) => webSocket.viewers(streamPath),
      hls: (streamPath) => hls.viewers(streamPath),
      flv: (streamPath) => flv.viewers(streamPath),
      mp4: (streamPath) => mp4.viewers(streamPath),
      rtmp: (streamPath) => broadcasts.players(streamPath),
      previews: (streamPath) => webSocket.previews(streamPath) + hls.previews(streamPath),
    },
    clock,
    limits: { clients: LIMITS.eventClients, silence: LIMITS.httpSilence },
    version: packageVersion(),
    trustsLocal: settings.localPublish,
    requestReconnect: (streamPath, tcUrl) => rtmp.requestReconnect(streamPath, tcUrl),
    rtmp: () => {
      const { rtmp: port, rtmps: tlsPort } = entry.ports;
      return { port, ...(tlsPort !== undefined && { tlsPort }) };
    },
    publish: () =>
      settings.localPublish ? { key: publishKey.key, rtmpPort: entry.ports.rtmp } : undefined,
    relays: {
      list: () => relays.list(),
      create: (request) => {
        try {
          return relays.create(request);
        } catch (error) {
          if (error instanceof RelaySpecError) {
            return { refused: "invalid", description: `${error.field}: ${error.message}` };
          }
          if (!(error instanceof TooManyRelays)) throw error;
          return { refused: "too-many", description: error.message };
        }
      },
      delete: (id) => relays.delete(id),
    },
    recordings: {
      list: () => recordings.list(),
      find: (id) => recordings.find(id),
      start: (streamPath) => recorder.start(streamPath),
      stop: (id) => recorder.stop(id),
      delete: (id) => recordings.delete(id),
    },
    recordingOf: (streamPath) => recorder.recordingOf(streamPath)?.id,
    mayWatch: (request, streamPath) => mayWatchStream(request, streamPath, "http", options, log),
  });
  const publicDir = join(PACKAGE_ROOT, "public");
  const assets = createAssets(publicDir);
  const watchGate = gate(options, log);
  const app = createApp({
    publicDir,
    outputs: [watchGate, flv.handle, mp4.handle, poster.handle],
    api: api.router,
    embedOrigins: settings.embedOrigins,
    isReady: () => isReady,
    log,
  });
  const entry = new Entry({
    settings,
    app,
    front: [
      (request, response, next) => {
        // What goes on to the app meets the gate there: nobody is asked twice.
        const url = readStreamUrl(request.url ?? "");
        if (url === undefined || readResourceName(url.resource) === undefined) next();
        else watchGate(request, response, () => hls.handle(request, response, next));
      },
      recorded.handle,
      assets,
    ],
    onUpgrade: (request, socket, head) => {
      const url = readStreamUrl(request.url ?? "");
      if (url !== undefined && !mayWatch(request, "websocket", options, log)) {
        refuseUpgrade(socket);
        return true;
      }
      switch (url?.resource) {
        case "ws":
          webSocket.upgrade(request, socket, head, url.streamPath);
          return true;
        case FLV_RESOURCE:
          flv.upgrade(request, socket, head, url.streamPath);
          return true;
        default:
          return false;
      }
    },
    adopt: (stream, guest, bytes) => rtmp.adopt(stream, guest, bytes),
    random: nodeCrypto.random,
    clock,
    log,
  });

  return {
    publishKey: publishKey.key,
    publishKeyFile: publishKey.file,
    on: (name, listener) => events.on(name, listener),
    handleCall: (name, handler) => {
      callHandlers.set(name, handler);
      return () => {
        if (callHandlers.get(name) === handler) callHandlers.delete(name);
      };
    },
    start: async () => {
      const ports = await entry.listen();
      for (const spec of settings.relays) relays.create(spec);
      void recordings.load();
      isReady = true;
      return ports;
    },
    stop: async () => {
      isReady = false;
      const everybodyLeft = entry.close();
      relays.close();
      webSocket.close();
      hls.close();
      flv.close();
      mp4.close();
      api.close();
      // Before its streams end: that is why its files do.
      recorder.close();
      rtmp.close();
      await everybodyLeft;
      await recordings.close();
      registry.close();
      await archive?.close();
      dvrFolder.clear();
    },
  };
}
