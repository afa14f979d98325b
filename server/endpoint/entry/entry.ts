import type { RequestListener } from "node:http";
import type { Server } from "node:net";
import type { Duplex } from "node:stream";
import type { SecureVersion } from "node:tls";
import type { Clock } from "../../live/clock.ts";
import { type Log, RepeatLog } from "../../log.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { answerAstray } from "./astray.ts";
import { Certificate } from "./certificate.ts";
import { answerInFront, type PlainHandler } from "./front.ts";
import { createHttpPort, type HttpPort, type OnUpgrade } from "./http-port.ts";
import { Http2Front } from "./http2-front.ts";
import { createHttpsPort, HTTPS_PROTOCOLS } from "./https-port.ts";
import { closed, listen } from "./listen.ts";
import { Places } from "./places.ts";
import { RtmpPort } from "./rtmp-port.ts";
import { TlsTerminator } from "./tls.ts";
import { Tunnel } from "./tunnel.ts";

/** TLS versions that RTMP may be bounded to. */
export type RtmpsTlsMax = "1.2" | "1.3";

/** Which ports are to be opened, and with what. */
export type EntrySettings = {
  /** Address to listen on; undefined: all interfaces. */
  readonly host: string | undefined;
  /** 0: any free port. */
  readonly rtmpPort: number;
  readonly httpPort: number;
  /** undefined: not opened. */
  readonly rtmpsPort: number | undefined;
  readonly httpsPort: number | undefined;
  /** Paths of certificate and private key: both or none. */
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** The newest TLS that is spoken with RTMP clients. */
  readonly rtmpsTlsMax: RtmpsTlsMax;
};

/** The ports that were taken. */
export type Ports = {
  readonly rtmp: number;
  readonly http: number;
  /** Where they are open. */
  readonly rtmps?: number;
  readonly https?: number;
};

/** An RTMP client, however it came in. */
export type RtmpGuest = {
  readonly address: string;
  readonly transport: "rtmp" | "rtmps" | "rtmpt" | "rtmpts";
  /** ms since 1970 */
  readonly openedAt: number;
};

/** What the doors lead to. */
export type EntryOptions = {
  readonly settings: EntrySettings;
  readonly app: RequestListener;
  /** What answers before the app, in order; each passes on what is not its own. */
  readonly front: readonly PlainHandler[];
  readonly onUpgrade: OnUpgrade;
  /** Takes an RTMP client, with the bytes of it that were read already. */
  readonly adopt: (stream: Duplex, guest: RtmpGuest, bytes?: Uint8Array) => void;
  /** Bytes that nobody guesses. */
  readonly random: (length: number) => Buffer;
  readonly clock: Clock;
  readonly log: Log;
};

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

  constructor(flag: string, port: number, host: string | undefined, error: unknown) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const isAboutHost = HOST_ERRORS.includes(code) && host !== undefined;
    const what = isAboutHost ? `--host ${host}` : `${flag} ${port}`;
    super(`${what}: cannot listen (${LISTEN_ERRORS[code] ?? code})`);
  }
}

/** 32 characters in hexadecimal. */
const SESSION_ID_BYTES = 16;

/** Idle connections are closed so long after the last port, ms: what is being said is said. */
const SAY_GOODBYE = 100;

/** Every door of the server: the ports, TLS, and who is led where. */
export class Entry {
  readonly #settings: EntrySettings;
  readonly #clock: Clock;
  readonly #http: HttpPort;
  readonly #http2: Http2Front;
  readonly #rtmp: RtmpPort;
  readonly #rtmps: RtmpPort | undefined;
  readonly #https: Server | undefined;
  readonly #tunnel: Tunnel;
  readonly #certificate: Certificate | undefined;
  readonly #terminators: readonly TlsTerminator[];
  readonly #log: Log;
  #ports: Ports;

  /** Opens nothing yet. @throws CertificateError where certificate or key cannot be used */
  constructor({ settings, app, front, onUpgrade, adopt, random, clock, log }: EntryOptions) {
    const { rtmpPort, httpPort, rtmpsPort, httpsPort, tlsCert, tlsKey, rtmpsTlsMax } = settings;
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#ports = { rtmp: rtmpPort, http: httpPort };
    const repeats = new RepeatLog(log, clock);
    const certificate =
      tlsCert === undefined || tlsKey === undefined
        ? undefined
        : new Certificate({ cert: tlsCert, key: tlsKey });
    const terminator = (maxVersion: SecureVersion, alpn?: readonly string[]) =>
      certificate &&
      new TlsTerminator({
        certificate,
        maxVersion,
        alpn,
        clock,
        handshakeTime: LIMITS.tlsHandshakeTime,
        repeats,
      });
    const tlsForRtmp = terminator(`TLSv${rtmpsTlsMax}`);
    const tlsForHttp = terminator("TLSv1.3", HTTPS_PROTOCOLS);
    this.#certificate = certificate;
    this.#terminators = [tlsForRtmp, tlsForHttp].filter((one) => one !== undefined);

    const astray = answerAstray(() => this.#ports, log);
    const places = new Places({
      all: LIMITS.rtmpConnections,
      perAddress: LIMITS.rtmpConnectionsPerAddress,
    });
    this.#tunnel = new Tunnel({
      adopt,
      places,
      newId: () => random(SESSION_ID_BYTES).toString("hex"),
      clock,
      limits: {
        silence: LIMITS.rtmptSilence,
        absence: LIMITS.rtmptAbsence,
        hold: LIMITS.rtmptHold,
        answer: LIMITS.rtmptAnswer,
        body: LIMITS.rtmptBody,
        ahead: LIMITS.rtmptAhead,
        gap: LIMITS.rtmptGap,
        head: LIMITS.rtmptHead,
        unread: LIMITS.rtmptUnread,
        idle: LIMITS.httpIdle,
      },
      repeats,
    });
    const plain = { handlers: front, log };
    this.#http = createHttpPort({
      app: (request, response) =>
        answerInFront(plain, request, response, () => app(request, response)),
      onUpgrade,
      tunnel: this.#tunnel,
      astray,
      clock,
    });
    this.#http2 = new Http2Front({
      front: plain,
      takeInner: (socket) => this.#http.takeInner(socket),
      limits: {
        streams: LIMITS.http2Streams,
        headerBytes: LIMITS.http2HeaderBytes,
        headerFields: LIMITS.http2HeaderFields,
        unsent: LIMITS.http2Unsent,
        invalidFrames: LIMITS.http2InvalidFrames,
        rejectedStreams: LIMITS.http2RejectedStreams,
        controlFrames: LIMITS.http2ControlFrames,
        resets: LIMITS.http2Resets,
        idle: LIMITS.httpIdle,
        silence: LIMITS.httpSilence,
        closeTime: LIMITS.closeTime,
      },
      clock,
      repeats,
    });
    const common = {
      adopt,
      http: this.#http,
      tls: tlsForRtmp,
      places,
      clock,
      handshakeTime: LIMITS.handshakeTime,
      repeats,
      onError: (error: Error) => log.error("a port for RTMP failed", { error }),
    };
    this.#rtmp = new RtmpPort(common);
    if (rtmpsPort !== undefined) this.#rtmps = new RtmpPort({ ...common, tlsOnly: true });
    if (httpsPort !== undefined && tlsForHttp !== undefined) {
      this.#https = createHttpsPort(this.#http, this.#http2, tlsForHttp);
    }
  }

  /** Those that were set, and once it listens those that were taken. */
  get ports(): Ports {
    return this.#ports;
  }

  /** Opens all ports. @throws ListenError where one cannot be had; none is open then */
  async listen(): Promise<Ports> {
    const { rtmpPort, httpPort, rtmpsPort, httpsPort, host } = this.#settings;
    const open = async (
      flag: string,
      port: number,
      door: { listen(port: number, host: string | undefined): Promise<number> },
    ): Promise<number> => {
      try {
        return await door.listen(port, host);
      } catch (error) {
        await this.close();
        throw new ListenError(flag, port, host, error);
      }
    };
    const doorOf = (server: Server) => ({
      listen: (port: number, host: string | undefined) => listen(server, port, host),
    });
    this.#ports = {
      rtmp: await open("--rtmp-port", rtmpPort, this.#rtmp),
      http: await open("--http-port", httpPort, doorOf(this.#http.server)),
      ...(rtmpsPort !== undefined && this.#rtmps !== undefined
        ? { rtmps: await open("--rtmps-port", rtmpsPort, this.#rtmps) }
        : {}),
      ...(httpsPort !== undefined && this.#https !== undefined
        ? { https: await open("--https-port", httpsPort, doorOf(this.#https)) }
        : {}),
    };
    const follow = { clock: this.#clock, every: LIMITS.certificateCheck, log: this.#log };
    this.#certificate?.follow(follow);
    return this.#ports;
  }

  /**
   * Closes the ports; resolves when everybody is gone. RTMP connections are for others to end; web
   * connections are given a moment to end by themselves.
   */
  async close(): Promise<void> {
    this.#certificate?.close();
    this.#tunnel.close();
    for (const terminator of this.#terminators) terminator.close();
    const { server } = this.#http;
    const gone = [closed(server), this.#rtmp.close(), this.#rtmps?.close()];
    if (this.#https !== undefined) gone.push(closed(this.#https));
    const part = (which: "idle" | "all"): void => {
      this.#http2.closeConnections(which);
      this.#http.closeConnections(which);
    };
    const cancels = [
      this.#clock.after(SAY_GOODBYE, () => part("idle")),
      this.#clock.after(LIMITS.closeTime, () => part("all")),
    ];
    await Promise.all(gone);
    for (const cancel of cancels) cancel();
  }
}
